//! Schedules: the table of the config file, when they are due, the files for schedulers, and the commands.

mod calendar;
mod commands;
mod config;
mod files;
