//! Schedules: the table of the config file, when they are due, the files for schedulers, and the commands.

mod calendar;
mod commands;
mod config;
mod files;

/// One schedule for each backend, and one without a key.
const CONFIG: &str = r#"
[profile.prod-eu]
region = "eu1"
api_key_file = "/run/credentials/hookferry-nightly.service/prod-eu"

[profile.prod-us]
region = "us1"
api_key_file = "keys/prod-us"

[profile.vault]
region = "us2"
api_key_command = ["op", "read", "op://vault/key"]

[profile.runner]
region = "eu1"
api_key_env = "PROD_EU_KEY"

[profile.bare]
region = "ap1"

[schedule.nightly]
profiles = ["prod-eu", "prod-us"]
at = "17 3 * * *"
repo = "/var/backups/hookferry"
recipients_file = "recipients.txt"
max_age = "26h"
heartbeat_url_file = "/run/credentials/hookferry-nightly.service/heartbeat"
metrics_file = "/var/lib/node_exporter/hookferry.prom"
status_file = "/var/lib/hookferry/nightly.json"

[schedule.weekday_mornings]
profiles = ["vault"]
at = "30 6 * * MON-FRI"
repo = "/home/me/back ups/100%"
plaintext = true
status_file = "/tmp/it's/status.json"

[schedule.cluster]
profiles = ["prod-us"]
at = "*/15 * * * *"
repo = "/var/backups/hookferry"
recipients_file = "recipients.txt"
heartbeat_url_file = "heartbeat"
metrics_file = "/var/lib/node_exporter/hookferry.prom"
status_file = "/var/backups/hookferry/status.json"

[schedule.Cloud]
profiles = ["runner"]
at = "5 4 1 * *"
repo = "s3://example-backups/webhooks"
recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]
heartbeat_url_env = "HEARTBEAT_URL"

[schedule.bare]
profiles = ["bare"]
at = "0 0 * * *"
repo = "s3://example-backups/bare"
recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]
"#;
