/**
 * Asks for a fresh code before an act that needs one, then the act goes on by itself.
 * Rule: leaving it changes nothing; the code goes to central and nowhere else.
 */
import { settle } from "../../asking.ts";
import { w } from "../../i18n/account.ts";
import { trpc } from "../../trpc.ts";
import { CodeField } from "../code-field.tsx";
import { FormTrouble } from "../entrance.tsx";
import { Sheet } from "../sheet.tsx";
import { createGuess } from "./attempt.ts";

export default function StepUp() {
  const attempt = createGuess(({ code }) => (code === "sign_in_failed" ? w("code.wrong") : null));
  const send = (code: string): void => {
    if (code.length !== 6) return attempt.setProblem(w("code.short"));
    void attempt.run(async () => {
      await trpc.auth.stepUp.mutate({ code });
      settle(true);
    });
  };
  return (
    <Sheet open onClose={() => settle(false)} title={w("stepUp.title")} lead={w("stepUp.lead")}>
      <CodeField
        label={w("code.label")}
        submit={attempt.busy() ? w("try.working") : w("stepUp.submit")}
        busy={attempt.held()}
        message={<FormTrouble text={attempt.problem()} />}
        onSubmit={send}
      />
    </Sheet>
  );
}
