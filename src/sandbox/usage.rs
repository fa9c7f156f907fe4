//! The text that `hookferry sandbox` prints when it starts; this module itself prints nothing.

use super::Sandbox;
use super::api::{BASE, BULK};

/// Both accounts, and a ready-to-run command line for every call, for stdout.
pub fn usage(sandbox: &Sandbox) -> String {
    let (source, target) = (sandbox.source(), sandbox.target());
    let (source_url, source_key) = (source.url(), source.key());
    let (target_url, target_key) = (target.url(), target.key());
    let (source_company, target_company) = (source.company_id(), target.company_id());
    let new_id = target.lock().store.next_id();
    format!(
        "\
Two accounts on this machine, modeled on the vendor's published page.

source  {source_url}  key {source_key}  company {source_company}
target  {target_url}  key {target_key}  company {target_company}

List the source:
  curl -sS -H 'Authorization: Bearer {source_key}' {source_url}{BASE}/

Create in the target, any number at once:
  curl -sS -H 'Authorization: Bearer {target_key}' -H 'Content-Type: application/json' \\
    -d '{EXAMPLE}' \\
    {target_url}{BULK}

Read, then delete the webhook that this created:
  curl -sS -H 'Authorization: Bearer {target_key}' {target_url}{BASE}/{new_id}
  curl -sS -H 'Authorization: Bearer {target_key}' -X DELETE {target_url}{BASE}/{new_id}

Copy the source to the target:
  HOOKFERRY_SOURCE_API_KEY={source_key} HOOKFERRY_TARGET_API_KEY={target_key} \\
    hookferry migrate --from {source_url} --to {target_url}
"
    )
}

const EXAMPLE: &str = r#"[{"alias":"try-me","url":"https://hooks.example.com/try","integration_type_id":0,"integration_type_fields":"[]","integration_type":{"id":0,"label":"Slack","icon":"/assets/settings/slack-48.png"}}]"#;
