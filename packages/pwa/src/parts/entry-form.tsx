/**
 * The form that puts a plate on a list.
 * Rule: a reason and an end are always given; look-alikes are the default because readings err, and what gives more false
 * alarms says so.
 */
import {
  ENTRY_DAYS_DEFAULT,
  PLATE_TEXT_MAX,
  type MatchStrategy,
  type WatchlistView,
  hasWildcards,
  readEntryPlate,
} from "@chaverim/contracts";
import { For, Show, createEffect, createSignal, on } from "solid-js";
import { currentMs } from "../clock.ts";
import { w } from "../i18n/search.ts";
import { t } from "../i18n/words.ts";
import { mayI } from "../session.ts";
import { trpc, troubleOf, troubleText } from "../trpc.ts";
import { FormTrouble } from "./entrance.tsx";
import { field } from "./form.ts";
import { Preview } from "./search/preview.tsx";
import { Sheet } from "./sheet.tsx";
import { showToast } from "./toasts.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;

/** `2026-12-22`, in the person's own time zone, as a date field wants it. */
const dayInput = (ms: number): string => {
  const day = new Date(ms);
  return [day.getFullYear(), String(day.getMonth() + 1).padStart(2, "0"), String(day.getDate()).padStart(2, "0")].join(
    "-",
  );
};

/** The last instant of a day in the person's own time zone. */
const endOfDay = (day: string): Date => new Date(`${day}T23:59:59`);

type EntryFields = {
  watchlistId: string;
  plate: string;
  reason: string;
  vehicle: string;
  match: MatchStrategy;
  day: string;
};

/** The first thing that is wrong with an entry, as a sentence; null when nothing is. */
const problemOf = (entry: EntryFields): string | null => {
  if (readEntryPlate(entry.plate, entry.match) === null)
    return w(entry.match === "pattern" ? "entry.patternVague" : "entry.plateShort");
  if (entry.reason.length < 3) return w("entry.reasonShort");
  if (!(endOfDay(entry.day).getTime() > currentMs())) return w("entry.endsPast");
  return null;
};

const readFields = (form: HTMLFormElement, match: MatchStrategy): EntryFields => ({
  watchlistId: field(form, "list"),
  plate: field(form, "plate"),
  reason: field(form, "reason"),
  vehicle: field(form, "vehicle"),
  match,
  day: field(form, "ends"),
});

const STRATEGIES = [
  { value: "look-alike", label: "entry.matchLookAlike", hint: "entry.matchLookAlikeHint" },
  { value: "exact", label: "entry.matchExact", hint: "entry.matchExactHint" },
  { value: "near", label: "entry.matchNear", hint: "entry.matchNearHint" },
  { value: "pattern", label: "entry.matchPattern", hint: "entry.matchPatternHint" },
] as const satisfies readonly { value: MatchStrategy; label: string; hint: string }[];

export const EntryForm = (props: {
  open: boolean;
  lists: readonly WatchlistView[];
  plate: string;
  /** Chosen at first; look-alikes without it. */
  match?: MatchStrategy;
  /** Until it ends, unless another day is chosen. */
  days?: number;
  listId: string | undefined;
  /** What else is to be known before the plate is watched. */
  lead?: string | undefined;
  onClose: () => void;
  onAdded: () => void;
}) => {
  const [problem, setProblem] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  const [plate, setPlate] = createSignal("");
  const [chosen, setChosen] = createSignal<MatchStrategy>("look-alike");
  createEffect(
    on(
      () => props.open,
      () => {
        setPlate(props.plate);
        setChosen(props.match ?? "look-alike");
      },
    ),
  );
  const match = (): MatchStrategy => {
    // What is left out can be watched as a pattern alone, and a whole plate in any other way.
    if (hasWildcards(plate())) return "pattern";
    return chosen() === "pattern" ? "look-alike" : chosen();
  };
  const strategies = () => STRATEGIES.filter(({ value }) => (value === "pattern") === hasWildcards(plate()));
  const close = (): void => {
    setProblem("");
    props.onClose();
  };

  const add = async (entry: EntryFields): Promise<void> => {
    setBusy(true);
    try {
      const added = await trpc.watchlists.addEntry.mutate({
        watchlistId: entry.watchlistId,
        plate: entry.plate,
        reason: entry.reason,
        ...(entry.vehicle === "" ? {} : { vehicle: entry.vehicle }),
        match: entry.match,
        expiresAt: endOfDay(entry.day).toISOString(),
      });
      showToast({ text: w("lists.added", { plate: added.entry.plate }) });
      if (added.alreadyListed.length > 0) {
        const plates = [...new Set(added.alreadyListed.map((other) => other.plate))].join(", ");
        showToast({ kind: "trouble", text: w("lists.alsoListed", { plates }) });
      }
      props.onAdded();
      close();
    } catch (error) {
      const trouble = troubleOf(error);
      setProblem(trouble.code === "invalid" && trouble.message !== "" ? trouble.message : troubleText(trouble));
    }
    setBusy(false);
  };

  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const entry = readFields(event.currentTarget, match());
    const wrong = problemOf(entry);
    setProblem(wrong ?? "");
    if (wrong === null) void add(entry);
  };

  return (
    <Sheet open={props.open} onClose={close} title={w("entry.title")} lead={props.lead}>
      <form class="form" novalidate onSubmit={submit}>
        <label class="field">
          <span>{w("entry.plate")}</span>
          <input
            class="plate-input"
            name="plate"
            value={plate()}
            onInput={({ currentTarget }) => setPlate(currentTarget.value)}
            placeholder={w("entry.plateHint")}
            maxlength={PLATE_TEXT_MAX}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            dir="ltr"
            required
          />
        </label>
        <label class="field">
          <span>{w("entry.list")}</span>
          <select name="list">
            <For each={props.lists}>
              {(list) => (
                <option value={list.id} selected={list.id === props.listId}>
                  {list.name}
                </option>
              )}
            </For>
          </select>
        </label>
        <label class="field">
          <span>{w("entry.reason")}</span>
          <input name="reason" placeholder={w("entry.reasonHint")} maxlength="500" dir="auto" required />
        </label>
        <label class="field">
          <span>{w("entry.vehicle")}</span>
          <input name="vehicle" placeholder={w("entry.vehicleHint")} maxlength="200" dir="auto" />
        </label>
        <fieldset class="field radio-cards">
          <legend>{w("entry.match")}</legend>
          <For each={strategies()}>
            {(strategy) => (
              <label>
                <input
                  type="radio"
                  name="match"
                  value={strategy.value}
                  checked={strategy.value === match()}
                  onChange={() => setChosen(strategy.value)}
                />
                <span>
                  <strong>{w(strategy.label)}</strong>
                  <small>{w(strategy.hint)}</small>
                </span>
              </label>
            )}
          </For>
          <Show when={mayI("search_plates") && readEntryPlate(plate(), match()) !== null}>
            <Preview plate={plate} match={match()} />
          </Show>
        </fieldset>
        <label class="field">
          <span>{w("entry.ends")}</span>
          <input
            name="ends"
            type="date"
            value={dayInput(currentMs() + (props.days ?? ENTRY_DAYS_DEFAULT) * DAY_MS)}
            min={dayInput(currentMs() + DAY_MS)}
            required
          />
        </label>
        <FormTrouble text={problem()} />
        <div class="sheet-buttons">
          <button type="button" class="button big outlined" onClick={close}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button big primary" disabled={busy()}>
            {busy() ? w("entry.saving") : w("entry.submit")}
          </button>
        </div>
      </form>
    </Sheet>
  );
};
