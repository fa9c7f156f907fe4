# Alerts of the payments team; 1050 in a comment stays.
locals {
  oncall = "1050"
}

data "coralogix_webhook" "renamed" {
  name = "old-name"
}

data "coralogix_webhook" "by_uuid" {
  id = "7f0a5d1c-0000-4000-8000-000000000001"
}

resource "coralogix_alert" "blocks" {
  name = "latency 1050"
  notification_group {
    webhooks_settings {
      integration_id = "1050" # on call
      retriggering_period { minutes = 1051 }
    }
    webhooks_settings {
      integration_id = coralogix_webhook.slack.external_id
    }
  }
}

resource "coralogix_alert" "attributes" {
  notification_group = {
    webhooks_settings = [
      { integration_id = "1051", notify_on = "Triggered Only" },
      { integration_id = 1050 },
      { integration_id = "${data.coralogix_webhook.renamed.external_id}" },
      { integration_id = local.oncall },
      { "integration_id" : tostring(1052) },
      { recipients = ["1050@example.com"] },
    ]
  }
}

module "alert" {
  source            = "./alert"
  webhooks_settings = [{ integration_id = "1099" }]
}

resource "other_thing" "x" {
  integration_id = "1050"
  body           = <<-EOT
    {"integrationId": 1050, "token": "canary-heredoc"}
  EOT
}
