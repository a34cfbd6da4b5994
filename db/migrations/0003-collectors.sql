-- Collectors: their device keys, what central holds of each, commands, quarantine decisions, health.
-- Rule: quarantine and decisions are only ever inserted into; what central holds of a collector is kept by the ingest transaction.

alter table collectors
  -- SPKI, DER: the device's Ed25519 key, taken over from its first heartbeat; another one later is a new device.
  add column device_key bytea,
  add column device_key_at timestamptz,
  -- The epoch of ours that it last heard.
  add column central_epoch integer;

-- What an administrator's test of a camera made: kept as evidence that it works, and shown in no list of what was seen.
alter table detections add column is_test boolean not null default false;

-- The sequence numbers that central holds, by epoch: one multirange, merged as batches arrive.
create table collector_received (
  collector_id uuid not null references collectors (id),
  epoch bigint not null,
  seqs int8multirange not null,
  updated_at timestamptz not null default now(),
  primary key (collector_id, epoch)
) with (fillfactor = 70);
-- What came before this was kept is held as well, and is not asked for again: as fact, or in quarantine, where foreign bytes may say
-- no place, or one that is none.
create function pg_temp.place_of(raw bytea) returns table (epoch bigint, seq bigint) language plpgsql as $$
declare
  element jsonb;
begin
  element := convert_from(raw, 'UTF8')::jsonb;
  return query select coalesce((element ->> 'epoch')::bigint, 0), (element ->> 'seq')::bigint;
exception when others then
  return;
end $$;
insert into collector_received (collector_id, epoch, seqs)
select collector_id, epoch, range_agg(int8range(seq, seq, '[]')) from (
  select collector_id, epoch, seq from evidence_payloads
  union all select q.collector_id, place.epoch, place.seq from quarantine q cross join lateral pg_temp.place_of(q.raw) place) held
where epoch >= 0 and seq >= 0 group by collector_id, epoch;
drop function pg_temp.place_of(bytea);

-- Rises when central finds that it is an older copy of itself.
create table central_epochs (
  epoch integer primary key,
  began_at timestamptz not null default now(),
  reason text not null
);
insert into central_epochs (epoch, reason) values (1, 'installed');

-- How often central has noted beside the database that it was here: an older copy of the database has fewer than the note.
create table central_marks (
  is_only boolean primary key default true check (is_only),
  marks bigint not null
);
insert into central_marks (marks) values (0);

-- Predecessors in a collector's chain.
create index evidence_payloads_place on evidence_payloads (collector_id, epoch, seq) where seq is not null;

-- Detections by camera and hour: what is expected is compared with what comes, without counting the evidence.
create table camera_hours (
  camera_id uuid not null references cameras (id),
  hour timestamptz not null,
  detections integer not null,
  primary key (camera_id, hour)
) with (fillfactor = 70);

create table commands (
  id uuid primary key default gen_random_uuid(),
  collector_id uuid not null references collectors (id),
  counter bigint not null,
  verb text not null,
  args jsonb not null,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  not_after timestamptz not null,
  sent_at timestamptz,
  acked_at timestamptz,
  status text check (status in ('done', 'failed', 'refused')),
  detail text,
  unique (collector_id, counter)
);
create index commands_open on commands (collector_id, counter) where acked_at is null;

-- Newest first, page by page.
create index quarantine_newest on quarantine (received_at desc, id desc);

-- Images that came after their element: a release has them as well.
create table quarantine_images (
  quarantine_id uuid not null references quarantine (id),
  part text not null check (part in ('full', 'crop')),
  sha256 bytea not null,
  bytes integer not null,
  version_id text,
  received_at timestamptz not null,
  primary key (quarantine_id, part)
);

-- What an administrator decided about a quarantined element: kept as it is, or released as a detection.
create table quarantine_decisions (
  quarantine_id uuid primary key references quarantine (id),
  decision text not null check (decision in ('kept', 'released')),
  -- The detection that a release made.
  detection_id uuid,
  note text,
  decided_by uuid not null references users (id),
  decided_at timestamptz not null default now()
);

-- What is wrong with a collector or a camera, opened and resolved by themselves.
create table health_alerts (
  id uuid primary key default gen_random_uuid(),
  collector_id uuid not null references collectors (id),
  camera_id uuid references cameras (id),
  kind text not null check (kind in ('late', 'offline', 'camera_offline', 'camera_silent', 'disk_low', 'hot', 'clock_wrong',
    'sacrificed', 'damaged', 'gap', 'device_changed', 'restored')),
  detail jsonb not null,
  opened_at timestamptz not null default now(),
  resolved_at timestamptz
);
create unique index health_alerts_open on health_alerts (collector_id, kind, coalesce(camera_id, '00000000-0000-0000-0000-000000000000'))
  where resolved_at is null;
create index health_alerts_newest on health_alerts (opened_at desc);

grant select on collector_received, central_epochs, camera_hours, commands, quarantine_images, quarantine_decisions, health_alerts
  to chaverim_app;
grant select, insert, update on central_marks to chaverim_app;
-- What is known of very old epochs is forgotten.
grant delete on collector_received to chaverim_app;
grant insert, update on collector_received, camera_hours, commands, health_alerts to chaverim_app;
grant insert on central_epochs, quarantine_images, quarantine_decisions to chaverim_app;
