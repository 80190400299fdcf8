#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What docker-compose.yml relies on of the official image's start: at the first one the cluster, its owner, its database
# and the scripts in /docker-entrypoint-initdb.d; then the command, which is the server with its settings.
set -eu
data=/var/lib/postgresql/data
for programs in /usr/lib/postgresql/*/bin; do
    PATH=$programs:$PATH
done
export PATH
if [ ! -s "$data/PG_VERSION" ]; then
    # shellcheck disable=SC2086
    initdb --pgdata="$data" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 \
        --locale=C.UTF-8 --auth-local=trust $POSTGRES_INITDB_ARGS
    echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
    pg_ctl --pgdata="$data" --wait --options="-c listen_addresses='' -c unix_socket_directories=/run/postgresql" start
    createdb --host=/run/postgresql --username="$POSTGRES_USER" "$POSTGRES_DB"
    PGHOST=/run/postgresql
    export PGHOST
    for script in /docker-entrypoint-initdb.d/*.sh; do
        . "$script"
    done
    pg_ctl --pgdata="$data" --wait --mode=fast stop
fi
exec "$@" -D "$data" -c listen_addresses='*' -c unix_socket_directories=/run/postgresql
