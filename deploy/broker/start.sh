#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gives each login of users.acl the password that the secret has for it (a line each, `accord_desk:its password`), as a
# digest, and starts the server with them. The login that everybody had before, `default`, is off.
set -eu
umask 077
echo "user default off" >/tmp/users.acl
while read -r login rules; do
    password=$(sed -n "s/^$login://p" /run/secrets/broker_logins)
    [ -n "$password" ] || { echo "broker_logins has no password for $login." >&2; exit 1; }
    digest=$(printf %s "$password" | sha256sum | cut -d' ' -f1)
    printf 'user %s on #%s %s\n' "$login" "$digest" "$rules" >>/tmp/users.acl
done </etc/accord/users.acl
exec valkey-server --aclfile /tmp/users.acl "$@"
