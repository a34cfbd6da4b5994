-- Access and accountability: devices, recovery codes, invitations, purposes, the access log, reviews, versioned policy.
-- Rule: the server works as the role chaverim_app, which owns nothing; it can add to the access log and to evidence, and
-- change or remove nothing there. Every later migration grants what its own tables need.

-- The role that the server works as ---------------------------------------------------------------------------------

-- Roles belong to the whole server: another database of it may have made this one already, or be making it now.
do $$
begin
  if not exists (select from pg_roles where rolname = 'chaverim_app') then
    create role chaverim_app nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise exception 'This database user may not make roles: let an administrator of the server run "create role chaverim_app nologin; grant chaverim_app to %;" once, and start again.', current_user;
end $$;

-- Whoever migrates has to be able to work as it, when the server is given this login alone. (Since PostgreSQL 16 even the
-- maker of a role has to grant it to himself.) Where that is refused and needed, the server says so when it starts.
do $$
begin
  set local role chaverim_app;
  reset role;
-- SET ROLE may not know yet what another database made a moment ago; GRANT looks again.
exception when insufficient_privilege or invalid_parameter_value then
  begin
    grant chaverim_app to current_user;
  exception when insufficient_privilege or unique_violation then null;
  end;
end $$;

-- People ------------------------------------------------------------------------------------------------------------

alter table users
  -- A viewer finds detections of this area's cameras alone; null means every area.
  add column area text,
  -- The day of the last training; search is refused when it is missing or too old.
  add column trained_on date,
  add column password_changed_at timestamptz not null default now(),
  add column disabled_by uuid references users (id),
  add column disabled_reason text,
  -- Whom another administrator demoted or disabled counts as one until then, where administrators decide together.
  add column admin_until timestamptz;

-- Whoever had an account before training was asked for is taken as trained on the day of the upgrade.
update users set trained_on = current_date;

create table recovery_codes (
  -- SHA-256 of the code without dashes; 120 random bits need no salt.
  code_hash bytea primary key,
  user_id uuid not null references users (id),
  created_at timestamptz not null default now(),
  used_at timestamptz
);
create index recovery_codes_user on recovery_codes (user_id);

-- One-time links: the first administrator (setup), a new person (invite), a new authenticator after a reset (reset), a new
-- password for whoever forgot it (password).
drop table setup_links;
create table invitations (
  id uuid primary key default gen_random_uuid(),
  token_hash bytea not null unique,
  kind text not null check (kind in ('setup', 'invite', 'reset', 'password')),
  email text,
  name text,
  role text not null check (role in ('admin', 'operator', 'viewer')),
  area text,
  trained_on date,
  -- The account that a reset belongs to.
  user_id uuid references users (id),
  invited_by uuid references users (id),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- What the person typed, held until the first code proves the authenticator: {email, name, passwordHash, totpSecret}; and
  -- the SHA-256 of what whoever typed it has to come back with.
  pending jsonb,
  used_at timestamptz,
  cancelled_at timestamptz
);
create index invitations_user on invitations (user_id);

-- What a person is to be told on each of their devices, until they have seen it.
create table notices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  kind text not null,
  detail jsonb not null,
  created_at timestamptz not null default now(),
  dismissed_at timestamptz
);
create index notices_user on notices (user_id) where dismissed_at is null;

-- What needs a second administrator.
create table approvals (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('grant_admin')),
  user_id uuid not null references users (id),
  reason text not null,
  requested_by uuid not null references users (id),
  requested_at timestamptz not null default now(),
  expires_at timestamptz not null,
  decided_by uuid references users (id),
  decided_at timestamptz,
  approved boolean,
  check (decided_by is distinct from requested_by)
);
create unique index approvals_open on approvals (kind, user_id) where decided_at is null;

-- Failed attempts by account or address; survives a restart, so that a restart is no way around it.
create table throttles (
  key text primary key,
  failures integer not null,
  window_started_at timestamptz not null,
  blocked_until timestamptz
);

-- Sessions, one row a device ----------------------------------------------------------------------------------------

alter table sessions
  -- Names the session in lists and in the access log; stays the same when the secret id changes.
  add column id uuid not null unique default gen_random_uuid(),
  add column device text not null default 'Unknown device',
  add column last_used_at timestamptz not null default now(),
  add column step_up_at timestamptz,
  -- The id before the last rotation: valid for seconds, for requests that were under way, and never for a step-up.
  add column previous_id_hash bytea unique,
  add column previous_until timestamptz,
  add column revoked_at timestamptz,
  add column revoked_by uuid references users (id);

-- Why somebody looks: asked once, attached to each look of that session until it is closed.
create table investigations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  session_id uuid not null,
  code text not null,
  text text,
  case_number text,
  opened_at timestamptz not null default now(),
  expires_at timestamptz not null,
  closed_at timestamptz,
  check (text is not null or case_number is not null)
);
create unique index investigations_open on investigations (session_id) where closed_at is null;

-- Collectors' keys --------------------------------------------------------------------------------------------------

alter table collector_keys
  add column id uuid not null unique default gen_random_uuid(),
  add column scopes text[] not null default '{ingest,heartbeat}',
  -- Set at a rotation: until then both keys work.
  add column expires_at timestamptz,
  add column revoked_reason text,
  add column created_by uuid references users (id),
  add column revoked_by uuid references users (id);
-- A name may be used again by the collector that replaces a revoked one.
drop index collectors_name;
create unique index collectors_name on collectors (lower(name)) where revoked_at is null;

-- Lists marked for the field are what viewers see, with their alerts.
alter table watchlists
  add column field boolean not null default true,
  -- A number of alert_changes: since then the mark is as it is, and what viewers' devices hold from before is out of date.
  add column field_change bigint not null default 0;

-- Policy ------------------------------------------------------------------------------------------------------------

-- Every version that was ever in force; the highest is in force now, and none means the built-in defaults (version 0).
create table policies (
  version integer generated always as identity primary key,
  settings jsonb not null,
  set_by uuid references users (id),
  set_at timestamptz not null default now()
);

-- The access log ----------------------------------------------------------------------------------------------------

-- One row per look and per act, chained: whoever changes a cell breaks the hash of its row, whoever removes or reorders
-- rows breaks the next one's previous_hash. Only ever inserted into; id, at and the hashes are set here, not by the server.
create table access_log (
  id bigint primary key,
  at timestamptz not null,
  request_id text not null,
  user_id uuid,
  user_name text,
  organisation text not null,
  role text,
  session_id uuid,
  device text,
  ip text,
  -- The name of the procedure or route.
  action text not null,
  plate text collate "C",
  -- What else was asked for, or what was changed, without secrets.
  filters jsonb not null,
  purpose_code text,
  purpose_text text,
  case_number text,
  result_count integer,
  -- SHA-256 over the ids of what was shown, in order, one a line.
  result_ids_sha256 bytea,
  -- Who gets what was exported.
  recipient text,
  outcome text not null check (outcome in ('ok', 'denied', 'error')),
  -- The failure's code, when there is one.
  failure text,
  policy_version integer not null,
  -- A look at what a device had kept, told afterwards: its own id for it, and its own time.
  offline boolean not null,
  offline_id uuid unique,
  device_at timestamptz,
  previous_hash bytea not null,
  hash bytea not null
);
create index access_log_user on access_log (user_id, id desc);
create index access_log_at on access_log (at);
-- A viewer's looks of a day (auth/budget.ts).
create index access_log_budget on access_log (user_id, at) where action = 'detections.search' and outcome = 'ok';

-- Look-alikes as one, as `foldPlate` of @chaverim/contracts does it: no other spelling hides a look at a plate.
create function fold_plate(plate text) returns text language sql immutable strict parallel safe as $$
  select translate(plate, 'OQDIL7SBZG', '0001115826')
$$;
create index access_log_plate on access_log (fold_plate(plate), id desc) where plate is not null;
-- Entries that name a plate only among what was asked for; the words are those of audit/entries.ts.
create index access_log_filters_plate
  on access_log (fold_plate(upper(regexp_replace(filters ->> 'plate', '[^A-Za-z0-9]', '', 'g'))), id desc)
  where plate is null and filters ? 'plate';

-- Netstrings of each value in order, '-' for null: no two different rows give the same bytes. Times are microseconds.
create function access_entry_hash(e access_log) returns bytea language sql immutable parallel safe as $$
  select sha256(e.previous_hash || convert_to(string_agg(
    coalesce(octet_length(convert_to(value, 'UTF8'))::text || ':' || value, '-') || ',', '' order by position), 'UTF8'))
  from unnest(array[
    e.id::text, (extract(epoch from e.at) * 1000000)::bigint::text, e.request_id, e.user_id::text, e.user_name,
    e.organisation, e.role, e.session_id::text, e.device, e.ip, e.action, e.plate, e.filters::text, e.purpose_code,
    e.purpose_text, e.case_number, e.result_count::text, encode(e.result_ids_sha256, 'hex'), e.recipient, e.outcome,
    e.failure, e.policy_version::text, e.offline::text, e.offline_id::text,
    (extract(epoch from e.device_at) * 1000000)::bigint::text
  ]) with ordinality as cells(value, position)
$$;

-- Writers wait for each other here until they commit, so that each sees the row before its own.
create function chain_access_entry() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  head record;
begin
  perform pg_advisory_xact_lock(hashtext('chaverim.access_log'));
  select id, hash into head from access_log order by id desc limit 1;
  new.id := coalesce(head.id, 0) + 1;
  new.at := clock_timestamp();
  new.previous_hash := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
  new.hash := access_entry_hash(new);
  return new;
end $$;
create trigger access_log_chain before insert on access_log for each row execute function chain_access_entry();

-- Also for the owner: a change is a mistake, and whoever means it has to remove this first.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are only ever added', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger access_log_keep before update or delete or truncate on access_log
  for each statement execute function refuse_change();

-- Looks that somebody has to judge: found by a detector, or drawn at random.
create table reviews (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('repeat_plate', 'budget', 'odd_hours', 'sample')),
  -- Whose looks they are.
  user_id uuid not null references users (id),
  -- As it was first spelled; look-alikes are the same finding.
  plate text collate "C",
  -- The day, week or month that it is about: the same finding is told once.
  period text not null,
  entry_ids bigint[] not null,
  created_at timestamptz not null default now(),
  -- Another administrator than the one who looked; null while there is none.
  assigned_to uuid references users (id),
  decided_by uuid references users (id),
  decided_at timestamptz,
  outcome text check (outcome in ('justified', 'unclear', 'misuse')),
  note text,
  check (decided_by is distinct from user_id),
  check (assigned_to is distinct from user_id)
);
create unique index reviews_once on reviews (kind, user_id, coalesce(fold_plate(plate), ''), period);
create index reviews_open on reviews (created_at) where decided_at is null;

-- How far each detector has read.
create table detector_progress (
  name text primary key,
  read_to bigint not null
);

-- What the server may do ---------------------------------------------------------------------------------------------

-- Partitions are tables: made with the owner's rights, by the owner's text alone.
alter function ensure_detection_partitions(timestamptz, timestamptz) security definer set search_path = public, pg_temp;
revoke all on function ensure_detection_partitions(timestamptz, timestamptz) from public;
grant execute on function ensure_detection_partitions(timestamptz, timestamptz) to chaverim_app;

revoke all on function access_entry_hash(access_log), chain_access_entry(), refuse_change(), fold_plate(text) from public;
grant execute on function fold_plate(text) to chaverim_app;

revoke all on schema public from public;
grant usage on schema public to chaverim_app;
grant select on all tables in schema public to chaverim_app;
grant usage, select on all sequences in schema public to chaverim_app;
-- Nothing of these can be changed or removed.
grant insert on detections, evidence_payloads, evidence_images, quarantine, access_log, policies to chaverim_app;
-- Accounts, lists and alerts are changed, never removed.
grant insert, update on users, invitations, notices, approvals, investigations, collectors, collector_keys, cameras,
  plates, watchlists, watchlist_entries, alerts, reviews, detector_progress, recovery_codes to chaverim_app;
-- What is used up goes.
grant insert, update, delete on sessions, throttles, outbox to chaverim_app;
grant delete on recovery_codes to chaverim_app;
