# SPDX-License-Identifier: Apache-2.0
# Two images, one a half: `--target exchange` has neither the desk's code nor the science toolkit, `--target desk` none of the
# exchange's code. HUB_ROLE and the command decide what runs (see docker-compose.yml). Pin BASE by digest in production.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS exchange-parts
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/venv
COPY requirements-exchange.txt .
# A house with a mirror or an authority of its own gives them for this step; neither is in the image that comes out:
# --build-arg PIP_INDEX_URL=... --secret id=certificates,src=FILE
ARG PIP_INDEX_URL
RUN --mount=type=secret,id=certificates \
    if [ -s /run/secrets/certificates ]; then export PIP_CERT=/run/secrets/certificates; fi; \
    /opt/venv/bin/pip install --require-hashes --only-binary=:all: -r requirements-exchange.txt

FROM exchange-parts AS desk-parts
COPY requirements.txt .
ARG PIP_INDEX_URL
RUN --mount=type=secret,id=certificates \
    if [ -s /run/secrets/certificates ]; then export PIP_CERT=/run/secrets/certificates; fi; \
    /opt/venv/bin/pip install --require-hashes --only-binary=:all: -r requirements.txt

FROM ${BASE} AS hub
RUN groupadd --gid 10001 accord && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin accord \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/accord-ledger /var/lib/accord-desk \
    /run/accord-desk /var/spool/accord
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=hub.settings HUB_ENV=production STATIC_ROOT=/app/static
WORKDIR /app
# What both halves are made of.
COPY manage.py LICENSE ./
COPY accord accord
COPY callers callers
COPY hub hub
COPY ledger ledger
CMD ["granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
    "--blocking-threads", "36", "hub.wsgi:application"]
EXPOSE 8000

FROM hub AS exchange
COPY --from=exchange-parts /opt/venv /opt/venv
COPY agencies agencies
COPY sharing sharing
COPY operators operators
# Static files are named by their content; the settings below hold no secret and reach nothing.
RUN python -m compileall -q /app \
    && echo postgres://nobody@127.0.0.1:1/none >/tmp/nowhere \
    && HUB_ROLE=exchange-migrate HUB_URL=https://build.invalid DATABASE_OWNER_URL_FILE=/tmp/nowhere \
    python manage.py collectstatic --noinput --verbosity 0 && rm /tmp/nowhere
USER 10001:10001

FROM hub AS desk
# The science toolkit draws by way of these; its wheel does not bring them.
RUN apt-get update && apt-get install -y --no-install-recommends libexpat1 libxext6 libxrender1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=desk-parts /opt/venv /opt/venv
COPY alerts alerts
COPY desk desk
COPY notices notices
COPY officers officers
COPY peers peers
COPY casework casework
COPY reciprocity reciprocity
COPY science science
COPY substances substances
COPY vault vault
# An image in which the science toolkit does not load is not made.
RUN python -m compileall -q /app \
    && python -c "from substances.sandbox import jobs; [jobs.named(name)() for name in jobs.PREPARATIONS]" \
    && echo postgres://nobody@127.0.0.1:1/none >/tmp/nowhere \
    && HUB_ROLE=desk-migrate HUB_URL=https://build.invalid DATABASE_OWNER_URL_FILE=/tmp/nowhere \
    python manage.py collectstatic --noinput --verbosity 0 && rm /tmp/nowhere
USER 10001:10001
