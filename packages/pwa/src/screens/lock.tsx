/**
 * The lock of the installed application: choosing its PIN at the first start, and giving it after a pause.
 * Rule: nothing of what is behind it is drawn; it works without a line.
 */
import { createSignal } from "solid-js";
import { w } from "../i18n/account.ts";
import { LeaveSheet } from "../parts/account/leave.tsx";
import { CodeField } from "../parts/code-field.tsx";
import { Entrance, FormTrouble } from "../parts/entrance.tsx";
import { LOCK_AFTER_MS, PIN_LENGTH, PIN_TRIES } from "../local/lock.ts";
import { choosePin, lock, unlock } from "../session.ts";

/** `111111`, `123456`, `654321`: what everybody tries first. */
const isObvious = (digits: string): boolean => {
  const steps = new Set([...digits].slice(1).map((digit, place) => Number(digit) - Number(digits[place])));
  const [step] = steps;
  return steps.size === 1 && step !== undefined && Math.abs(step) <= 1;
};

const Leave = () => {
  const [leaving, setLeaving] = createSignal(false);
  return (
    <>
      <button type="button" class="button quiet-button" onClick={() => setLeaving(true)}>
        {w("lock.signOut")}
      </button>
      <LeaveSheet open={leaving()} onClose={() => setLeaving(false)} />
    </>
  );
};

const ChoosePin = () => {
  const [first, setFirst] = createSignal<string>();
  const [problem, setProblem] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  const take = (digits: string): void => {
    const chosen = first();
    if (digits.length !== PIN_LENGTH) return void setProblem(w("lock.short"));
    if (chosen === undefined && isObvious(digits)) return void setProblem(w("lock.obvious"));
    setProblem("");
    if (chosen === undefined) return void setFirst(digits);
    if (chosen !== digits) {
      setFirst(undefined);
      return void setProblem(w("lock.differs"));
    }
    setBusy(true);
    void choosePin(digits);
  };
  return (
    <Entrance
      title={first() === undefined ? w("lock.choose") : w("lock.repeat")}
      lead={w("lock.chooseLead", { minutes: LOCK_AFTER_MS / 60_000, tries: PIN_TRIES })}
    >
      <CodeField
        secret
        again={first()}
        label={w("lock.pin")}
        submit={first() === undefined ? w("join.next") : w("lock.set")}
        busy={busy()}
        message={<FormTrouble text={problem()} />}
        onSubmit={take}
      >
        <Leave />
      </CodeField>
    </Entrance>
  );
};

const GivePin = () => {
  const [problem, setProblem] = createSignal("");
  const [busy, setBusy] = createSignal(false);
  const [tries, setTries] = createSignal(0);
  const take = async (digits: string): Promise<void> => {
    if (digits.length !== PIN_LENGTH) return void setProblem(w("lock.short"));
    setBusy(true);
    setProblem("");
    const left = await unlock(digits);
    if (left !== null) setProblem(w("lock.wrong", { count: left }));
    setTries((count) => count + 1);
    setBusy(false);
  };
  return (
    <Entrance title={w("lock.locked")} lead={w("lock.lockedLead")}>
      <CodeField
        secret
        again={String(tries())}
        label={w("lock.pin")}
        submit={busy() ? w("try.working") : w("lock.open")}
        busy={busy()}
        message={<FormTrouble text={problem()} />}
        onSubmit={(digits) => void take(digits)}
      >
        <Leave />
      </CodeField>
    </Entrance>
  );
};

export default function LockScreen() {
  return <>{lock() === "unset" ? <ChoosePin /> : <GivePin />}</>;
}
