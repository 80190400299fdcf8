#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fills in the names of the half and the network's own name server, so that a desk that was replaced is found again.
set -eu
resolver=$(awk '$1 == "nameserver" { print $2; exit }' /etc/resolv.conf)
sed -e "s|@RESOLVER@|$resolver|" /etc/accord/nginx.conf.in >/tmp/nginx.conf
sed -e "s|@HUB_HOST@|${HUB_HOST:-}|" -e "s|@EXCHANGE_HOST@|${EXCHANGE_HOST:-}|" \
    -e "s|@OPERATOR_HOST@|${OPERATOR_HOST:-}|" /etc/accord/sites.in >/tmp/sites.conf
exec nginx -c /tmp/nginx.conf -g 'daemon off;'
