# SPDX-License-Identifier: Apache-2.0
# One image for every role; HUB_ROLE and the command decide (see docker-compose.yml). Pin BASE by digest in production.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS parts
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/venv
COPY requirements.txt .
# A house with a mirror or an authority of its own gives them for this step; neither is in the image that comes out:
# --build-arg PIP_INDEX_URL=... --secret id=certificates,src=FILE
ARG PIP_INDEX_URL
RUN --mount=type=secret,id=certificates \
    if [ -s /run/secrets/certificates ]; then export PIP_CERT=/run/secrets/certificates; fi; \
    /opt/venv/bin/pip install --require-hashes --only-binary=:all: -r requirements.txt

FROM ${BASE}
RUN groupadd --gid 10001 accord && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin accord \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/accord-ledger /var/spool/accord
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=hub.settings HUB_ENV=production STATIC_ROOT=/app/static
COPY --from=parts /opt/venv /opt/venv
WORKDIR /app
COPY . .
# Static files are named by their content; the settings below hold no secret and reach nothing.
RUN python -m compileall -q /app \
    && echo postgres://nobody@127.0.0.1:1/none >/tmp/nowhere \
    && HUB_ROLE=migrate HUB_URL=https://build.invalid DATABASE_OWNER_URL_FILE=/tmp/nowhere \
    python manage.py collectstatic --noinput --verbosity 0 && rm /tmp/nowhere
USER 10001:10001
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
    "--blocking-threads", "36", "hub.wsgi:application"]
