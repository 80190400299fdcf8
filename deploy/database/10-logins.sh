# SPDX-License-Identifier: Apache-2.0
# Runs once, when the database is made: a login for each role, which owns nothing; `migrate` gives each its rights.
# The secret has a line for each, `accord_desk:its password`. Passwords stand in no command line.
for login in $(cut -d: -f1 /run/secrets/db_logins); do
    psql --set=ON_ERROR_STOP=1 --set=login="$login" --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<SQL
\\set password \`sed -n 's/^$login://p' /run/secrets/db_logins\`
CREATE ROLE :"login" LOGIN PASSWORD :'password';
SQL
done
