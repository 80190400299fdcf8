# SPDX-License-Identifier: Apache-2.0
# Runs once, when the database is made: the application's login owns nothing.
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\set password `cat /run/secrets/db_application_password`
CREATE ROLE accord_app LOGIN PASSWORD :'password';
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
