# SPDX-License-Identifier: Apache-2.0
# Stand-ins for `./dev drill production` where images cannot be pulled: the same programs as Debian packages them, with
# the users, folders and start that docker-compose.yml relies on.
ARG BASE

FROM ${BASE} AS database
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres \
    && mkdir -p /etc/postgresql-common \
    && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf \
    && apt-get update && apt-get install -y --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \
    && rm -rf /var/lib/postgresql && install -d -o 999 -g 999 -m 0700 /var/lib/postgresql
COPY database.sh /usr/local/bin/database.sh
ENTRYPOINT ["sh", "/usr/local/bin/database.sh"]

FROM ${BASE} AS broker
RUN groupadd --gid 999 valkey && useradd --uid 999 --gid 999 --home-dir /data valkey \
    && apt-get update && apt-get install -y --no-install-recommends valkey-server && rm -rf /var/lib/apt/lists/* \
    && install -d -o 999 -g 999 -m 0700 /data
WORKDIR /data

FROM ${BASE} AS proxy
RUN apt-get update && apt-get install -y --no-install-recommends nginx && rm -rf /var/lib/apt/lists/*
