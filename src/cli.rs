//! What the user typed, and nothing more: no file is read here and no default that needs one is filled in.

mod account;
mod arguments;
mod backup;
mod completions;
mod records;
mod rules;
mod schedule;

pub use account::*;
pub use arguments::*;
pub use backup::*;
pub use completions::{Candidates, VARIABLE as COMPLETION_VARIABLE, Words, complete, completions};
pub use records::*;
pub use rules::*;
pub use schedule::*;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{
    ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// What an account is, and where its key comes from.
macro_rules! account_help {
    () => {
        "\
An ACCOUNT is a profile of the config file, a region (eu1, US2, EUROPE1), a domain or team URL as
you paste it, a base URL (https://...), or cx:NAME, a profile of the vendor's own cx program.
For --from it may also be a backup, a file that `hookferry export` wrote, or -.

Profiles stand in the file of --config, else of HOOKFERRY_CONFIG, else in
$XDG_CONFIG_HOME/hookferry/config.toml, else in ~/.config/hookferry/config.toml:
  [profile.prod-eu]
  region = \"eu1\"                          # or url = \"https://...\"
  api_key_command = [\"op\", \"read\", \"...\"] # or api_key_env, or api_key_file
  company_id = 12345                      # optional: another company is refused
  label = \"production\"                    # optional

API keys are read from HOOKFERRY_SOURCE_API_KEY and HOOKFERRY_TARGET_API_KEY,
or from the files that HOOKFERRY_SOURCE_API_KEY_FILE and HOOKFERRY_TARGET_API_KEY_FILE name.
Where the environment has none for a side, its profile's own key is used.
There is no option for a key: command lines are visible to other users."
    };
}

/// The end of a long help: the examples, and what an account is.
macro_rules! examples_and_accounts {
    ($examples:literal) => {
        concat!($examples, "\n\n", account_help!())
    };
}

/// Copy a Coralogix account's outbound webhooks to another account or region, exactly once.
#[derive(Debug, Parser)]
#[command(
    name = "hookferry", version, styles = STYLES, max_term_width = 100, propagate_version = true,
    arg_required_else_help = true, infer_long_args = false, disable_help_subcommand = true,
    after_help = "New here? `hookferry demo` shows a whole migration in seconds, without any account.\nExit codes: 0 done, 1 failed, 2 changes, 3 partial, 4 authentication, 5 wrong account, 6 refused, 10 no backup, 11 locked, 12 cannot decrypt, 64 usage.",
    after_long_help = account_help!(),
)]
pub struct Cli {
    /// How the run talks.
    #[command(flatten)]
    pub talk: TalkArgs,
    /// Whether whoever reads standard output expects one JSON document, whatever happens.
    #[arg(skip)]
    pub wants_json: bool,
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

/// How the run talks; accepted by every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Talk")]
pub struct TalkArgs {
    /// Say nothing but the result and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log requests; twice for more, three times for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: When,
    /// Draw no bars: plain lines even on a terminal
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Form of the log lines on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORM",
        default_value = "text"
    )]
    pub log_format: LogForm,
}

/// When something is done that depends on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// One readable line each.
    Text,
    /// One JSON object each.
    Json,
}

/// The form of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// For people.
    Text,
    /// One versioned JSON document.
    Json,
}

/// The form of a plan or an outcome on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// For people.
    Text,
    /// One versioned JSON document.
    Json,
    /// For a comment on a pull request, or the summary of a CI step.
    Markdown,
    /// One file for a browser, which needs nothing else.
    Html,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copy webhooks: show the plan, ask, create, read back, print the id map
    #[command(after_help = "Examples:
  hookferry migrate --from eu1 --to us2 --dry-run
  hookferry migrate --from eu1 --to us2 --name 'prod-*' --type slack,pager_duty
  hookferry migrate --from webhooks.json --to us2 --yes", after_long_help = examples_and_accounts!("Examples:
  hookferry migrate --from eu1 --to us2 --dry-run
  hookferry migrate --from eu1 --to us2 --name 'prod-*' --type slack,pager_duty
  hookferry migrate --from webhooks.json --to us2 --yes"))]
    Migrate(MigrateArgs),
    /// Show what a migration would do; writes nothing to either account
    #[command(after_help = "Examples:
  hookferry plan --from eu1 --to us2
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry plan --from eu1 --to us2 -o html > plan.html
  hookferry plan --from eu1 --to us2 -o json --detailed-exitcode", after_long_help = examples_and_accounts!("Examples:
  hookferry plan --from eu1 --to us2
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry plan --from eu1 --to us2 -o html > plan.html
  hookferry plan --from eu1 --to us2 -o json --detailed-exitcode"))]
    Plan(PlanArgs),
    /// Carry out exactly a saved plan, or refuse and list what moved since
    #[command(
        after_help = "Examples:
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry apply plan.json --dry-run
  hookferry apply plan.json --yes",
        after_long_help = "Examples:
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry apply plan.json --dry-run
  hookferry apply plan.json --yes

Both accounts are read again and everything is checked before the first write: the accounts, every webhook,
the rules and the values they give. The plan needs the same API keys, because they made its seals.
Run again after an interruption, it goes on with what is still missing."
    )]
    Apply(ApplyArgs),
    /// Make or check a file of rules: other secrets, hosts or names in the target
    #[command(after_help = "Examples:
  hookferry rules init --from eu1 --to us2 --out rules.toml
  hookferry rules check --rules rules.toml --from eu1 --to us2
  hookferry plan --rules rules.toml --from eu1 --to us2")]
    Rules(RulesArgs),
    /// Compare the target with the source, or with what a run brought there
    #[command(after_help = "Examples:
  hookferry verify --from eu1 --to us2
  hookferry verify --run latest", after_long_help = examples_and_accounts!("Examples:
  hookferry verify --from eu1 --to us2
  hookferry verify --run latest"))]
    Verify(VerifyArgs),
    /// Show two accounts or files side by side; neither has to be made like the other
    #[command(after_help = "Examples:
  hookferry diff eu1 us2
  hookferry diff last-week.json eu1 --detailed-exitcode", after_long_help = examples_and_accounts!("Examples:
  hookferry diff eu1 us2
  hookferry diff last-week.json eu1 --detailed-exitcode"))]
    Diff(DiffArgs),
    /// List the runs on record, show one, end what one left open, or remove old ones
    #[command(after_help = "Examples:
  hookferry runs
  hookferry runs show latest
  hookferry runs prune --keep-within 30d")]
    Runs(RunsArgs),
    /// Show a run or a saved plan again, as text, JSON, markdown or HTML
    #[command(after_help = "Examples:
  hookferry report latest -o html > report.html
  hookferry report plan.json -o markdown >> \"$GITHUB_STEP_SUMMARY\"")]
    Report(ReportArgs),
    /// Undo exactly one run: delete what it created and nobody changed since, put back what it updated
    #[command(after_help = "Examples:
  hookferry rollback latest --dry-run
  hookferry rollback 20261124-021530-7f3a2b", after_long_help = examples_and_accounts!("Examples:
  hookferry rollback latest --dry-run
  hookferry rollback 20261124-021530-7f3a2b"))]
    Rollback(RollbackArgs),
    /// Print the map from old ids to new ones, or rewrite exported alerts with it
    #[command(after_help = "Examples:
  hookferry idmap show --csv > idmap.csv
  hookferry idmap apply alerts.json --out new-alerts")]
    Idmap(IdmapArgs),
    /// List the accounts that have a name, or check what one is and what its key may do
    #[command(after_help = "Examples:
  hookferry account list
  hookferry account check prod-eu
  hookferry account check us2 --as target", after_long_help = examples_and_accounts!("Examples:
  hookferry account list
  hookferry account check prod-eu
  hookferry account check us2 --as target"))]
    Account(AccountArgs),
    /// List an account's webhooks with every secret masked
    #[command(after_help = "Examples:
  hookferry list --from eu1
  hookferry list --from https://myteam.app.eu2.coralogix.com --type webhook -o json", after_long_help = examples_and_accounts!("Examples:
  hookferry list --from eu1
  hookferry list --from https://myteam.app.eu2.coralogix.com --type webhook -o json"))]
    List(ListArgs),
    /// Write an account's webhooks as raw JSON, secrets included, for jq and curl
    #[command(after_help = "Examples:
  hookferry export --from eu1 --out webhooks.json
  hookferry export --from eu1 --ready | jq length", after_long_help = examples_and_accounts!("Examples:
  hookferry export --from eu1 --out webhooks.json
  hookferry export --from eu1 --ready | jq length"))]
    Export(ExportArgs),
    /// Back accounts up, look after the backups, and check that they can be relied on
    #[command(after_help = "Examples:
  hookferry backup create --from prod-eu --repo /var/backups/hookferry --recipient age1...
  hookferry backup list --repo /var/backups/hookferry
  hookferry backup check --repo /var/backups/hookferry --max-age 26h
  hookferry backup forget --repo /var/backups/hookferry --keep-daily 14 --keep-monthly 12 --dry-run", after_long_help = examples_and_accounts!("Examples:
  hookferry backup create --from prod-eu --repo /var/backups/hookferry --recipient age1...
  hookferry backup list --repo /var/backups/hookferry
  hookferry backup check --repo /var/backups/hookferry --max-age 26h
  hookferry backup forget --repo /var/backups/hookferry --keep-daily 14 --keep-monthly 12 --dry-run"))]
    Backup(BackupArgs),
    /// Bring a backup into an account: show the plan, ask, create what is missing, read back; or rehearse it
    #[command(after_help = "Examples:
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --rehearse
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --to prod-eu --dry-run
  hookferry restore 2026-11-20 --repo /var/backups/hookferry --account prod-eu --identity key.txt --to prod-eu", after_long_help = examples_and_accounts!("Examples:
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --rehearse
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --to prod-eu --dry-run
  hookferry restore 2026-11-20 --repo /var/backups/hookferry --account prod-eu --identity key.txt --to prod-eu

A BACKUP is `latest`, a time (the state as it was then: the newest backup that is not later), or a path.
Nothing is ever deleted: what the account has and the backup lacks stays as it is."))]
    Restore(RestoreArgs),
    /// List the schedules of the config file, or print what makes systemd, cron, Kubernetes or GitHub Actions run one
    #[command(after_help = "Examples:
  hookferry schedule list
  hookferry schedule print nightly --backend systemd
  hookferry schedule print nightly --backend kubernetes --out manifests")]
    Schedule(ScheduleArgs),
    /// Do what a schedule of the config file says: back up, forget, check, and tell those who watch
    #[command(
        name = "run-schedule",
        after_help = "Example:\n  hookferry run-schedule nightly --config /etc/hookferry/config.toml"
    )]
    RunSchedule(RunScheduleArgs),
    /// Watch a whole migration between two embedded accounts; needs no account and no network
    Demo,
    /// Serve two stand-in accounts on this machine, for rehearsals and your own tests
    #[command(after_help = "Examples:
  hookferry sandbox
  hookferry sandbox --seeds awkward --switch bulk=best-effort --fault post:1:drop-after")]
    Sandbox(SandboxArgs),
    /// Print what makes a shell complete commands, options, profiles and runs
    #[command(
        after_help = "Examples, for the file that the shell reads when it starts:
  source <(hookferry completions bash)      in ~/.bashrc
  source <(hookferry completions zsh)       in ~/.zshrc, after compinit
  hookferry completions fish | source       in ~/.config/fish/config.fish"
    )]
    Completions {
        /// The shell
        #[arg(value_enum, value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of a command where one is named
    #[command(after_help = "Example:\n  hookferry man migrate | man -l -")]
    Man {
        /// The command
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

/// What clap made of the command line: the arguments, or text to print with the stream it belongs to.
pub enum Parsed {
    /// The arguments.
    Arguments(Box<Cli>),
    /// Help or version: the result of the run.
    Help(String),
    /// A mistake, explained.
    Mistake(String),
}

/// Reads a command line.
pub fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Parsed {
    let parsed = Cli::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| {
            let mut cli = Cli::from_arg_matches(&matches)?;
            cli.wants_json = wants_json(&matches);
            Ok(cli)
        });
    match parsed {
        Ok(cli) => Parsed::Arguments(Box::new(cli)),
        Err(error) => {
            let text = error.render().ansi().to_string();
            if error.use_stderr() {
                Parsed::Mistake(text)
            } else {
                Parsed::Help(text)
            }
        }
    }
}

/// Whether the command, or the one below it, was asked for a JSON document.
fn wants_json(matches: &ArgMatches) -> bool {
    let form = matches.try_get_raw("output").ok().flatten();
    let is_json = form.is_some_and(|mut values| values.any(|value| value == "json"));
    is_json
        || matches
            .subcommand()
            .is_some_and(|(_, below)| wants_json(below))
}

/// The manual page of the program or of one of its commands; `None` where there is no such command.
pub fn manual(name: Option<&str>) -> Option<String> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => program.find_subcommand(name)?.clone(),
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).ok()?;
    Some(String::from_utf8_lossy(&page).into_owned())
}
