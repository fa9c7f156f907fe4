resource "coralogix_alert" "x" {
  dynamic "webhooks_settings" {
    for_each = { for k, v in var.x : k => { integration_id = "7" } if v != null }
    content {
      integration_id = (8)
      b = f(1, "%{ if true }5%{ endif }", [{ "integration_id" : "9" }]...)
    }
  }
}
data "coralogix_webhook" "é" { name = "a\"b$${c}\u0041" }
