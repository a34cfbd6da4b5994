-- Search: corrections of readings, notes on plates, saved searches, watchlist entries that forgive.
-- Rule: a reading is never changed; what a person says of it is added beside it, with who, when and why.

-- Distance of texts, for the search that forgives two mistakes.
create extension if not exists fuzzystrmatch;

create table reading_corrections (
  id uuid primary key default gen_random_uuid(),
  detection_id uuid not null,
  -- Of the detection, as it was read; with detection_id its key.
  observed text collate "C" not null,
  detected_at timestamptz not null,
  camera_id uuid not null references cameras (id),
  -- Normalised: what it is found by as well.
  corrected text collate "C" not null check (corrected ~ '^[A-Z0-9]{2,16}$'),
  reason text not null,
  corrected_by uuid not null references users (id),
  -- The clock's time and not the transaction's, which began before it waited for another correction.
  corrected_at timestamptz not null default clock_timestamp()
);
create index reading_corrections_detection on reading_corrections (detection_id, corrected_at desc);
create index reading_corrections_observed on reading_corrections (observed, corrected_at desc);
create index reading_corrections_corrected on reading_corrections (corrected, detected_at desc, detection_id);

create table plate_notes (
  id uuid primary key default gen_random_uuid(),
  plate text collate "C" not null,
  text text not null,
  noted_by uuid not null references users (id),
  noted_at timestamptz not null default now()
);
create index plate_notes_plate on plate_notes (plate, noted_at desc);

create table saved_searches (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id),
  name text not null,
  text text not null,
  way text not null check (way in ('similar', 'exact', 'look-alike', 'harder', 'contains')),
  filters jsonb not null,
  saved_at timestamptz not null default now(),
  removed_at timestamptz
);
create index saved_searches_user on saved_searches (user_id, saved_at desc) where removed_at is null;

alter table watchlist_entries drop constraint watchlist_entries_match_check;
alter table watchlist_entries add constraint watchlist_entries_match_check
  check (match in ('exact', 'look-alike', 'near', 'pattern'));
-- Which entries a plate rings, asked for each hit of a search.
create index watchlist_entries_folded on watchlist_entries (fold_plate(normalized)) where removed_at is null;
create index watchlist_entries_forgiving on watchlist_entries (match) where removed_at is null and match in ('near', 'pattern');

grant select on reading_corrections, plate_notes, saved_searches to chaverim_app;
grant insert on reading_corrections, plate_notes to chaverim_app;
grant insert, update on saved_searches to chaverim_app;
