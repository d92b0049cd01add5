#!/bin/sh
# Check a signed deal or contract with nothing but OpenSSL (3.0 or newer) and the published key.
#
#   verify-a-deal.sh certificate.json public-key.pem
#
# certificate.json is what GET /deals?id=…&action=signing_certificate answered, or the same of /contracts, public-key.pem
# the member public_key_pem of GET /tenant/public-key?key_id=…. No server is asked. Exit status: 0 when every signature holds.
set -eu

certificate=$1
public_key=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Every value that is needed is base64 or hexadecimal, so it holds no quotation mark and no backslash.
text() { tr -d ' \n\r\t' <"$certificate"; }
signatures() { text | sed 's/.*"signatures":\[//; s/\].*//'; }
values() { grep -o "\"$1\":\"[^\"]*\"" | cut -d '"' -f 4; }
decode() { openssl base64 -d -A; }

# 1. The agreement: its SHA-256 is the hash of the deal, or of the contract's content.
text | values signed_content | decode >"$work/content.json"
stated=$(text | values deal_hash)
[ -n "$stated" ] || stated=$(text | values content_hash | sed 's/^sha256://')
computed=$(openssl dgst -sha256 -r "$work/content.json" | cut -d ' ' -f 1)
if [ "$computed" != "$stated" ]; then
    echo "BROKEN: the agreement has the hash $computed, the certificate says $stated"
    exit 1
fi
echo "agreement  SHA-256 $stated"

# 2. Each signature: made with the published key, over a statement that names this hash.
signatures | values signature >"$work/signatures"
signatures | values signed_statement >"$work/statements"
number=0
while read -r signature && read -r statement <&3; do
    number=$((number + 1))
    printf %s "$signature" | decode >"$work/signature"
    printf %s "$statement" | decode >"$work/statement.json"
    if ! grep -qF "\"content_hash\":\"$stated\"" "$work/statement.json"; then
        echo "BROKEN: signature $number is for another agreement"
        exit 1
    fi
    if ! openssl pkeyutl -verify -pubin -inkey "$public_key" -rawin \
        -in "$work/statement.json" -sigfile "$work/signature" >/dev/null 2>&1; then
        echo "BROKEN: signature $number was not made with this key"
        exit 1
    fi
    echo "signature  $(cat "$work/statement.json")"
done <"$work/signatures" 3<"$work/statements"

if [ "$number" -eq 0 ]; then
    echo "BROKEN: the certificate holds no signature"
    exit 1
fi
echo "VERIFIED: $number signature(s)"
