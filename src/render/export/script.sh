# Each literal `$…` in a body belongs to its webhook.
# shellcheck disable=SC2016
set -eu

if [ -n "${SECRETS_FILE:-}" ]; then
    # shellcheck source=/dev/null
    . "$SECRETS_FILE"
fi
: "${CORALOGIX_URL:?set it to the base URL of the target account, such as https://api.us2.coralogix.com}"
: "${CORALOGIX_API_KEY:?set it to a key of the target account that may write webhooks}"

# Prints a text as it stands between the quotes of a JSON string.
json() {
    printf '%s\n' "$1" | sed -e ':a' -e '$!{' -e 'N' -e 'ba' -e '}' -e 's/[\\"]/\\&/g' \
        -e "s/$tab/\\\\t/g" -e "s/$return/\\\\r/g" -e 's/\n/\\n/g'
}
tab=$(printf '\t')
return=$(printf '\r')

# The key is in a file of its own for a moment, because everybody can read the arguments of a process.
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
printf 'Authorization: Bearer %s\nContent-Type: application/json\n' "$CORALOGIX_API_KEY" >"$headers"

# Creates the webhook with this name from this body.
post() {
    if ! printf '%s' "$2" | curl --silent --show-error --fail --output /dev/null --header "@$headers" \
        --data-binary @- "${CORALOGIX_URL%/}/api/v1/external/integrations/"; then
        printf 'FAILED: %s; look whether it exists before you go on with the rest\n' "$1" >&2
        exit 1
    fi
    printf 'created: %s\n' "$1"
}
