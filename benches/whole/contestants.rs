//! The two ways to migrate: the vendor's recipe, and hookferry.

use crate::measure::{Cost, measured};
use crate::server::{KEY, target_key};
use std::error::Error;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The program that `cargo bench` built.
pub(crate) const HOOKFERRY: &str = env!("CARGO_BIN_EXE_hookferry");

/// The cost of the recipe: in total, and of jq alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecipeCost {
    /// The sum of both curl processes and jq; its memory is the largest of the three.
    pub(crate) all: Cost,
    /// jq alone.
    pub(crate) jq: Cost,
}

/// Runs the recipe of the vendor's page: GET the list, remove the ids, POST the array to `/integrations-bulk`.
pub(crate) fn recipe(
    source: SocketAddr,
    target: SocketAddr,
    folder: &Path,
) -> Result<RecipeCost, Box<dyn Error>> {
    let files = ["get", "jq", "post"].map(|name| folder.join(name));
    let api = "api/v1/external/integrations";
    let started = Instant::now();
    let mut get = curl(&files[0], KEY)?
        .arg(format!("http://{source}/{api}/"))
        .stdout(Stdio::piped())
        .spawn()?;
    let mut jq = measured(&files[1], "jq")?
        .arg("map(del(.id))")
        .stdin(get.stdout.take().ok_or("no pipe")?)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut post = curl(&files[2], &target_key())?
        .args(["--fail", "--request", "POST", "--data-binary", "@-"])
        .arg(format!("http://{target}/{api}-bulk"))
        .stdin(jq.stdout.take().ok_or("no pipe")?)
        .stdout(Stdio::null())
        .spawn()?;
    let statuses = [post.wait()?, jq.wait()?, get.wait()?];
    let wall = started.elapsed();
    if !statuses.iter().all(std::process::ExitStatus::success) {
        return Err(format!("the recipe failed: {statuses:?}").into());
    }
    let costs = [
        Cost::read(&files[0])?,
        Cost::read(&files[1])?,
        Cost::read(&files[2])?,
    ];
    let all = Cost {
        processor: costs.iter().map(|cost| cost.processor).sum(),
        memory: costs.iter().map(|cost| cost.memory).max().unwrap_or(0),
        wall,
    };
    Ok(RecipeCost { all, jq: costs[1] })
}

fn curl(cost_file: &Path, key: &str) -> Result<Command, Box<dyn Error>> {
    let mut command = measured(cost_file, "curl")?;
    command.args(["--silent", "--show-error"]);
    command.args(["--header", &format!("Authorization: Bearer {key}")]);
    command.args(["--header", "Content-Type: application/json"]);
    Ok(command)
}

/// Runs `hookferry migrate --yes` with its run records in the given folder.
pub(crate) fn hookferry(
    source: SocketAddr,
    target: SocketAddr,
    folder: &Path,
) -> Result<Cost, Box<dyn Error>> {
    let (cost_file, stderr_file) = (folder.join("hookferry"), folder.join("stderr"));
    let started = Instant::now();
    let status = measured(&cost_file, HOOKFERRY)?
        .args(["migrate", "--yes", "--from", &format!("http://{source}")])
        .args(["--to", &format!("http://{target}")])
        // The rate limit protects the vendor's servers; the bench has its own, and the recipe has no limit.
        .args(["--rate", "1000"])
        .arg("--state-dir")
        .arg(folder.join("state"))
        .env("HOOKFERRY_SOURCE_API_KEY", KEY)
        .env("HOOKFERRY_TARGET_API_KEY", target_key())
        .stdout(Stdio::null())
        .stderr(File::create(&stderr_file)?)
        .status()?;
    let wall = started.elapsed();
    if !status.success() {
        return Err(format!(
            "hookferry failed: {}",
            std::fs::read_to_string(stderr_file)?
        )
        .into());
    }
    Ok(Cost {
        wall,
        ..Cost::read(&cost_file)?
    })
}

/// Runs `hookferry --version`, which only starts and exits.
pub(crate) fn version(folder: &Path) -> Result<Cost, Box<dyn Error>> {
    let cost_file = folder.join("version");
    measured(&cost_file, HOOKFERRY)?
        .arg("--version")
        .stdout(Stdio::null())
        .status()?;
    Cost::read(&cost_file)
}
