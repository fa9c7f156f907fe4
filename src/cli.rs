//! The command line as the user typed it. Reads no files and fills in no default that depends on one.

mod account;
mod advice;
mod arguments;
mod backup;
mod completions;
mod deliver_test;
mod help;
mod operands;
mod other_names;
mod parse;
mod reading;
mod records;
mod rules;
mod sandbox;
mod schedule;
mod version;

pub use account::*;
pub use arguments::*;
pub use backup::*;
pub use completions::{CompletionSources, VARIABLE as COMPLETION_VARIABLE, WordSource, complete};
pub use deliver_test::*;
pub use operands::*;
pub use parse::{Invocation, ParseOutcome, parse};
pub use reading::*;
pub use records::*;
pub use rules::*;
pub use sandbox::*;
pub use schedule::*;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Explains what an ACCOUNT is and where its key comes from.
macro_rules! account_help {
    () => {
        "\
An ACCOUNT is a profile of the config file, a region (eu1, US2, EUROPE1), a domain or team URL
pasted from the browser, a base URL (https://...), or cx:NAME, a profile of Coralogix's cx program.
--from also accepts a backup, a file that `hookferry export` wrote, or - (standard input).

Profiles live in the config file: --config FILE, else $HOOKFERRY_CONFIG, else
$XDG_CONFIG_HOME/hookferry/config.toml, else ~/.config/hookferry/config.toml:
  [profile.prod-eu]
  region = \"eu1\"                          # or url = \"https://...\"
  api_key_command = [\"op\", \"read\", \"...\"] # or api_key_env, or api_key_file
  company_id = 12345                      # optional: refuse any other company
  label = \"production\"                    # optional

A profile's own API key always wins. Accounts without one use HOOKFERRY_SOURCE_API_KEY and
HOOKFERRY_TARGET_API_KEY, or the files that HOOKFERRY_SOURCE_API_KEY_FILE and
HOOKFERRY_TARGET_API_KEY_FILE name. A command that only reads uses the only one that is set.
No option takes a key, because other users of the machine can see command lines."
    };
}

/// The end of a long help text: the examples, then what an ACCOUNT is.
macro_rules! examples_and_accounts {
    ($examples:literal) => {
        concat!($examples, "\n\n", account_help!())
    };
}

/// Copy a Coralogix account's outbound webhooks to another account or region, exactly once.
#[derive(Debug, Parser)]
#[command(
    name = "hookferry", version = version::NUMBER, long_version = version::LONG.as_str(), styles = STYLES, max_term_width = 100, propagate_version = true,
    arg_required_else_help = true, infer_long_args = false, disable_help_subcommand = true,
    after_help = "New here? `hookferry demo` runs a whole migration in seconds; it needs no account.\nExit codes: 0 done, 1 failed, 2 changes, 3 partial, 4 authentication, 5 wrong account, 6 refused, 10 no backup, 11 locked, 12 another key needed, 64 usage.",
    after_long_help = account_help!(),
)]
pub struct Cli {
    /// How much the program prints, and how.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
    #[command(subcommand)]
    command: AnyCommand,
}

/// Verbosity, color, progress and logs; every command accepts these flags.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct VerbosityArgs {
    /// Print only the result and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log requests; repeat for more detail (-vv), or for everything (-vvv)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use color
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: ColorArg,
    /// Print plain lines instead of progress bars, even on a terminal
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Format of the log lines on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
}

/// When to use color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// Only on a terminal, and not if `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Format of the log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One readable line per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// Format of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Plain text for people.
    Text,
    /// One versioned JSON document.
    Json,
}

/// Format of a plan or of the outcome of a run on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormatArg {
    /// Plain text for people.
    Text,
    /// One versioned JSON document.
    Json,
    /// For a pull request comment or a CI job summary.
    Markdown,
    /// A self-contained page for a browser.
    Html,
}

/// A command with its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copy webhooks: show the plan, ask, create them, read them back, print the id map
    ///
    /// To read back means to fetch the target's webhooks again after writing and compare them with what was sent.
    #[command(override_usage = "hookferry migrate [OPTIONS] --from <ACCOUNT> --to <ACCOUNT>", after_help = "Examples:
  hookferry migrate --from eu1 --to us2 --dry-run
  hookferry migrate --from eu1 --to us2 --name 'prod-*' --type slack,pager_duty
  hookferry migrate --from webhooks.json --to us2 --yes", after_long_help = examples_and_accounts!("Examples:
  hookferry migrate --from eu1 --to us2 --dry-run
  hookferry migrate --from eu1 --to us2 --name 'prod-*' --type slack,pager_duty
  hookferry migrate --from webhooks.json --to us2 --yes"))]
    Migrate(MigrateArgs),
    /// Show what a migration would do, without writing to either account
    #[command(override_usage = "hookferry plan [OPTIONS] --from <ACCOUNT> --to <ACCOUNT>", after_help = "Examples:
  hookferry plan --from eu1 --to us2
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry plan --from eu1 --to us2 -o html > plan.html
  hookferry plan --from eu1 --to us2 -o json --detailed-exitcode", after_long_help = examples_and_accounts!("Examples:
  hookferry plan --from eu1 --to us2
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry plan --from eu1 --to us2 -o html > plan.html
  hookferry plan --from eu1 --to us2 -o json --detailed-exitcode"))]
    Plan(PlanArgs),
    /// Carry out a saved plan exactly, or refuse and list the drift
    ///
    /// Drift is whatever has changed since the plan was saved: a webhook of either account, the rules, or a
    /// value that they insert.
    #[command(
        after_help = "Examples:
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry apply plan.json --dry-run
  hookferry apply plan.json --yes",
        after_long_help = "Examples:
  hookferry plan --from eu1 --to us2 --out plan.json
  hookferry apply plan.json --dry-run
  hookferry apply plan.json --yes

Before the first write, apply reads both accounts again and checks everything: the accounts, every webhook,
the rules and the values they insert. It needs the API keys that made the plan, because they key its digests.
If apply is interrupted, run it again: it resumes with what is still missing."
    )]
    Apply(ApplyArgs),
    /// Write or check a rules file, which gives webhooks other secrets, hosts or names in the target
    #[command(after_help = "Examples:
  hookferry rules init --from eu1 --to us2 --out rules.toml
  hookferry rules check --rules rules.toml --from eu1 --to us2
  hookferry plan --rules rules.toml --from eu1 --to us2", after_long_help = help::RULES)]
    Rules(RulesArgs),
    /// Compare the target with the source, or with what a run wrote to it
    #[command(override_usage = "hookferry verify [OPTIONS] --from <ACCOUNT> --to <ACCOUNT>
       hookferry verify [OPTIONS] --run <RUN>", after_help = "Examples:
  hookferry verify --from eu1 --to us2
  hookferry verify --run latest", after_long_help = examples_and_accounts!("Examples:
  hookferry verify --from eu1 --to us2
  hookferry verify --run latest"))]
    Verify(VerifyArgs),
    /// Show how two accounts or files differ, without expecting either to match the other
    #[command(override_usage = "hookferry diff [OPTIONS] <LEFT> <RIGHT>", after_help = "Examples:
  hookferry diff eu1 us2
  hookferry diff last-week.json eu1 --detailed-exitcode", after_long_help = examples_and_accounts!("Examples:
  hookferry diff eu1 us2
  hookferry diff last-week.json eu1 --detailed-exitcode"))]
    Diff(DiffArgs),
    /// List recorded runs, show one, close what one left open, or remove old records
    #[command(after_help = "Examples:
  hookferry runs
  hookferry runs show latest
  hookferry runs prune --keep-within 30d")]
    Runs(RunsArgs),
    /// Show a run or a saved plan again as text, JSON, Markdown or HTML
    #[command(after_help = "Examples:
  hookferry report latest -o html > report.html
  hookferry report plan.json -o markdown >> \"$GITHUB_STEP_SUMMARY\"")]
    Report(ReportArgs),
    /// Undo exactly the named runs, or their chains: delete what they created, restore what they updated, skip what has changed since
    #[command(after_help = "Examples:
  hookferry rollback latest --dry-run
  hookferry rollback latest --chain
  hookferry rollback 20261124-021530-7f3a2b", after_long_help = examples_and_accounts!("Examples:
  hookferry rollback latest --dry-run
  hookferry rollback latest --chain
  hookferry rollback 20261124-021530-7f3a2b"))]
    Rollback(RollbackArgs),
    /// Print the map from source ids to target ids, or rewrite exported alerts with it
    #[command(after_help = "Examples:
  hookferry idmap show -o csv > idmap.csv
  hookferry idmap apply alerts/ --out new-alerts/
  hookferry idmap apply new-alerts/ --reverse --out old-alerts/")]
    Idmap(IdmapArgs),
    /// Send test deliveries of webhooks, one by one, to see whether they ring
    #[command(
        name = "deliver-test",
        override_usage = "hookferry deliver-test [OPTIONS] --type <TYPE> <RUN>
       hookferry deliver-test [OPTIONS] --type <TYPE> --to <ACCOUNT>",
        after_help = "Examples:
  hookferry deliver-test latest --type slack,webhook
  hookferry deliver-test --to us2 --type pager_duty --id 1052
  hookferry deliver-test latest --type slack --dry-run",
        after_long_help = examples_and_accounts!("Examples:
  hookferry deliver-test latest --type slack,webhook
  hookferry deliver-test --to us2 --type pager_duty --id 1052
  hookferry deliver-test latest --type slack --dry-run

Coralogix's newer API sends a real message to each destination: a test of a PagerDuty or Opsgenie
webhook pages whoever is on call. hookferry says what each type does and asks first, records each
test before it is sent, sends it once, and never again by itself.")
    )]
    DeliverTest(DeliverTestArgs),
    /// List the accounts in the config file, or check one account and what its key may do
    #[command(after_help = "Examples:
  hookferry account list
  hookferry account check prod-eu
  hookferry account check us2 --as target", after_long_help = examples_and_accounts!("Examples:
  hookferry account list
  hookferry account check prod-eu
  hookferry account check us2 --as target"))]
    Account(AccountArgs),
    /// List an account's webhooks, with every secret masked
    #[command(override_usage = "hookferry list [OPTIONS] --from <ACCOUNT>", after_help = "Examples:
  hookferry list --from eu1
  hookferry list --from https://myteam.app.eu2.coralogix.com --type webhook -o json", after_long_help = examples_and_accounts!("Examples:
  hookferry list --from eu1
  hookferry list --from https://myteam.app.eu2.coralogix.com --type webhook -o json"))]
    List(ListArgs),
    /// Write an account's webhooks as raw JSON, secrets included, or as code without them
    #[command(override_usage = "hookferry export [OPTIONS] --from <ACCOUNT>", after_help = "Examples:
  hookferry export --from eu1 --out webhooks.json
  hookferry export --from eu1 --ready | jq length
  hookferry export --from eu1 --format terraform --out webhooks
  hookferry export --from eu1 --format curl --out create-webhooks.sh", after_long_help = examples_and_accounts!("Examples:
  hookferry export --from eu1 --out webhooks.json
  hookferry export --from eu1 --ready | jq length
  hookferry export --from eu1 --format terraform --out webhooks
  hookferry export --from eu1 --format curl --out create-webhooks.sh

Every format but json is code and holds no secret: whatever hookferry hides elsewhere is a
variable or a placeholder with a description. What a format cannot hold is listed on standard
error and in comments, and the exit code is 3. No file or folder is ever overwritten."))]
    Export(ExportArgs),
    /// Back up accounts, and list, show, check or remove backups
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
    /// Restore a backup to an account: show the plan, ask, create what is missing, read it back; or rehearse it
    #[command(after_help = "Examples:
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --rehearse
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --to prod-eu --dry-run
  hookferry restore 2026-11-20 --repo /var/backups/hookferry --identity key.txt --to prod-eu", after_long_help = examples_and_accounts!("Examples:
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --rehearse
  hookferry restore latest --repo /var/backups/hookferry --identity key.txt --to prod-eu --dry-run
  hookferry restore 2026-11-20 --repo /var/backups/hookferry --identity key.txt --to prod-eu

A BACKUP is `latest`, a time (the newest backup that is not later, so the state as of then), or a path.
A restore never deletes: webhooks that only the account has stay as they are."))]
    Restore(RestoreArgs),
    /// List the schedules of the config file, or print files for systemd, cron, Kubernetes or GitHub Actions
    #[command(after_help = "Examples:
  hookferry schedule list
  hookferry schedule print nightly --backend systemd
  hookferry schedule print nightly --backend kubernetes --out manifests")]
    Schedule(ScheduleArgs),
    /// Run a schedule of the config file: back up, remove old backups, check, and report to monitoring
    #[command(
        name = "run-schedule",
        after_help = "Example:\n  hookferry run-schedule nightly --config /etc/hookferry/config.toml"
    )]
    RunSchedule(RunScheduleArgs),
    /// Watch a whole migration between two embedded accounts; needs neither an account nor the network
    Demo,
    /// Serve two simulated accounts on this machine, for rehearsals and your own tests
    #[command(after_help = "Examples:
  hookferry sandbox
  hookferry sandbox --seeds awkward --switch bulk=best-effort --fault post:1:drop-after")]
    Sandbox(SandboxArgs),
}

/// A command that only prints text about the program.
#[derive(Debug, Subcommand)]
pub enum Explain {
    /// Show the help of a command, or of a topic: config, exit-codes, object-stores
    #[command(after_help = "Examples:
  hookferry help backup create
  hookferry help rules           also explains the rules file
  hookferry help config          the config file: profiles and schedules
  hookferry help exit-codes
  hookferry help object-stores   the variables for s3:// repositories")]
    Help {
        /// The command or topic [default: hookferry itself]
        #[arg(value_name = "COMMAND|TOPIC")]
        words: Vec<String>,
    },
    /// Print the version, with the commit and the features of this build
    Version,
    /// Print a script that makes your shell complete commands, options, profiles and runs
    #[command(
        after_help = "Add one of these lines to the startup file of your shell:
  source <(hookferry completions bash)      in ~/.bashrc
  source <(hookferry completions zsh)       in ~/.zshrc, after compinit
  hookferry completions fish | source       in ~/.config/fish/config.fish"
    )]
    Completions {
        /// The shell to complete in
        #[arg(value_enum, value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page of hookferry or of one command
    #[command(
        after_help = "Examples:\n  hookferry man migrate | man -l -\n  hookferry man backup create > hookferry-backup-create.1"
    )]
    Man {
        /// The command [default: hookferry itself]
        #[arg(value_name = "COMMAND")]
        words: Vec<String>,
    },
}

/// A command line as clap reads it.
#[derive(Debug, Subcommand)]
enum AnyCommand {
    #[command(flatten)]
    Work(Box<Command>),
    #[command(flatten)]
    Explain(Explain),
}
