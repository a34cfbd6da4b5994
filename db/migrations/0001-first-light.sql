-- The schema of the first release. Readable SQL is the truth; src/schema.ts mirrors it for typed queries.
-- Rules: plates are a natural key; detections are partitioned by month and every unique key of theirs contains plate and
-- detected_at; evidence tables are only ever inserted into. Runs on PostgreSQL 15 and newer.

create extension if not exists pg_trgm;

-- People ------------------------------------------------------------------------------------------------------------

create table users (
  id uuid primary key default gen_random_uuid(),
  email text not null check (email = lower(email)),
  name text not null,
  role text not null check (role in ('admin', 'operator', 'viewer')),
  password_hash text not null,
  -- AES-256-GCM under the key file; the secret itself is never stored.
  totp_secret bytea not null,
  -- The last accepted 30-second step: a code works once.
  totp_last_step bigint not null default 0,
  created_at timestamptz not null default now(),
  disabled_at timestamptz
);
create unique index users_email on users (email);

create table sessions (
  -- SHA-256 of the session id; the id itself lives only in the cookie.
  id_hash bytea primary key,
  user_id uuid not null references users (id),
  kind text not null check (kind in ('desktop', 'app')),
  assurance text not null check (assurance in ('password', 'password+totp')),
  created_at timestamptz not null default now(),
  idle_expires_at timestamptz not null,
  absolute_expires_at timestamptz not null,
  ip text,
  user_agent text
);
create index sessions_user on sessions (user_id);

-- The one-time link with which the first administrator enrols; empty once there is a user.
create table setup_links (
  token_hash bytea primary key,
  expires_at timestamptz not null,
  -- What the person typed, held until the first code proves the authenticator: {email, name, passwordHash, totpSecret}.
  pending jsonb
);

-- Collectors and cameras --------------------------------------------------------------------------------------------

create table collectors (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  revoked_reason text,
  last_seen_at timestamptz,
  last_heartbeat_at timestamptz,
  heartbeat jsonb
);
create unique index collectors_name on collectors (lower(name));

create table collector_keys (
  key_hash bytea primary key,
  collector_id uuid not null references collectors (id),
  prefix text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  last_used_at timestamptz,
  last_used_ip text
);
create index collector_keys_collector on collector_keys (collector_id);

create table cameras (
  id uuid primary key default gen_random_uuid(),
  collector_id uuid not null references collectors (id),
  -- The collector's own name for the camera; what people read is `name`.
  key text not null,
  name text not null,
  area text,
  lat double precision,
  lon double precision,
  heading real,
  created_at timestamptz not null default now(),
  -- A camera that nobody approved is evidence, but raises no alerts.
  approved_at timestamptz,
  last_detection_at timestamptz
) with (fillfactor = 70);
create unique index cameras_key on cameras (collector_id, key);

-- Plates and detections ---------------------------------------------------------------------------------------------

-- One row per distinct normalised reading. No index on last_seen or sightings, so that updates stay HOT; never a GiST
-- trigram index beside the GIN one (the planner takes it for `%`).
create table plates (
  plate text collate "C" primary key,
  folded text collate "C" not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  sightings bigint not null
) with (fillfactor = 80);
create index plates_folded on plates (folded);
create index plates_trigram on plates using gin (plate gin_trgm_ops);

create table detections (
  -- UUID v7 made at the collector.
  id uuid not null,
  -- Normalised; empty when the camera read none.
  plate text collate "C" not null,
  detected_at timestamptz not null,
  captured_at timestamptz not null,
  received_at timestamptz not null,
  camera_id uuid not null,
  collector_id uuid not null,
  plate_text text,
  confidence real,
  region text,
  vehicle jsonb,
  duplicate_of uuid,
  retransmitted boolean not null,
  clock_suspect boolean not null,
  integrity text not null check (integrity in ('ok', 'unsigned', 'bad_signature', 'gap')),
  primary key (plate, detected_at, id)
) partition by range (detected_at);
create index detections_camera on detections (camera_id, detected_at desc, id desc);

-- Makes the monthly partitions that cover [from_time, to_time]; safe to call at any time from any number of processes.
create function ensure_detection_partitions(from_time timestamptz, to_time timestamptz) returns void language plpgsql as $$
declare
  month_start timestamptz := date_trunc('month', from_time, 'UTC');
  partition text;
begin
  -- A new partition waits for whoever reads the table, a dump for instance, and everybody else would wait behind it.
  perform set_config('lock_timeout', '2s', true);
  perform pg_advisory_xact_lock(hashtext('chaverim.partitions'));
  while month_start <= to_time loop
    partition := 'detections_' || to_char(month_start at time zone 'UTC', 'YYYY_MM');
    if to_regclass(partition) is null then
      execute format(
        'create table %I partition of detections for values from (%L) to (%L)',
        partition, month_start, month_start + interval '1 month'
      );
    end if;
    month_start := month_start + interval '1 month';
  end loop;
end $$;

-- Evidence ----------------------------------------------------------------------------------------------------------

-- The exact bytes of each accepted detection, and the idempotency key of ingest.
create table evidence_payloads (
  id uuid primary key,
  collector_id uuid not null,
  payload text not null,
  payload_sha256 bytea not null,
  signature text,
  epoch bigint,
  seq bigint,
  received_at timestamptz not null,
  plate text collate "C" not null,
  detected_at timestamptz not null
);
-- Rows arrive in the order of received_at, so that a few kilobytes of BRIN find "the last hour".
create index evidence_payloads_received on evidence_payloads
  using brin (received_at) with (pages_per_range = 32, autosummarize = on);

-- One row per image that central holds; what is declared in a payload and has no row here is missing.
create table evidence_images (
  detection_id uuid not null,
  role text not null check (role in ('full', 'crop')),
  sha256 bytea not null,
  bytes integer not null,
  version_id text,
  received_at timestamptz not null,
  primary key (detection_id, role)
);

-- What could not be taken as fact: kept whole, visible to administrators, never searchable.
create table quarantine (
  id uuid primary key default gen_random_uuid(),
  collector_id uuid not null,
  reason text not null,
  detail text not null,
  detection_id uuid,
  raw bytea not null,
  raw_sha256 bytea not null,
  -- [{part, sha256, bytes, versionId}] of the images that came with it.
  images jsonb not null,
  received_at timestamptz not null
);
create unique index quarantine_once on quarantine (collector_id, reason, raw_sha256);

-- Watchlists and alerts ---------------------------------------------------------------------------------------------

create table watchlists (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  priority smallint not null check (priority between 1 and 3),
  created_at timestamptz not null default now()
);
create unique index watchlists_name on watchlists (lower(name));
insert into watchlists (name, priority) values ('Watched vehicles', 2);

create table watchlist_entries (
  id uuid primary key default gen_random_uuid(),
  watchlist_id uuid not null references watchlists (id),
  -- As typed; `normalized` is what matches.
  plate text not null,
  normalized text collate "C" not null,
  reason text not null,
  vehicle text,
  match text not null check (match in ('exact', 'look-alike')),
  added_at timestamptz not null default now(),
  added_by uuid references users (id),
  expires_at timestamptz not null,
  removed_at timestamptz,
  removed_by uuid references users (id)
);
create index watchlist_entries_normalized on watchlist_entries (normalized);

-- Rises with every change of any alert; taken under one advisory lock, so commit order is number order.
create sequence alert_changes;

create table alerts (
  id uuid primary key default gen_random_uuid(),
  change bigint not null,
  detection_id uuid not null,
  plate text collate "C" not null,
  detected_at timestamptz not null,
  entry_id uuid not null references watchlist_entries (id),
  priority smallint not null,
  match jsonb not null,
  late boolean not null,
  state text not null default 'new' check (state in ('new', 'acknowledged', 'resolved')),
  created_at timestamptz not null default now(),
  acknowledged_at timestamptz,
  acknowledged_by uuid references users (id),
  resolved_at timestamptz,
  resolved_by uuid references users (id),
  outcome text check (outcome in ('confirmed', 'not_a_match', 'lost', 'handed_over')),
  unique (detection_id, entry_id)
);
create unique index alerts_change on alerts (change);

-- Work that must happen because a transaction committed: taken with FOR UPDATE SKIP LOCKED inside the worker's own
-- transaction, so that a killed worker delays nothing.
create table outbox (
  id bigint generated always as identity primary key,
  topic text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  run_after timestamptz not null default now(),
  attempts integer not null default 0,
  last_error text
);
create index outbox_due on outbox (topic, run_after, id);
