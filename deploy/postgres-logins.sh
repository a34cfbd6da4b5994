#!/bin/sh
# Makes central's own login beside the owner's; PostgreSQL's image runs it once, when its volume is empty.
# Rule: the login owns nothing and can do what the role chaverim_app may (db/migrations/0002-access.sql).
set -eu
psql -v ON_ERROR_STOP=1 -v password="$CENTRAL_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create role chaverim_app nologin;
create role central login password :'password' in role chaverim_app;
SQL
