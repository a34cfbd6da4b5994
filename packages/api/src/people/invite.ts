/**
 * Inviting somebody: the link that an administrator hands over in person.
 * Rule: where administrators decide together, no link makes one.
 */
import type { InvitationView, Role } from "@chaverim/contracts";
import { createInvitation, linkOf, readInvitations } from "../auth/invitations.ts";
import type { Central } from "../central.ts";
import { AppError } from "../failure.ts";
import { type Actor, decideTogether, takeTurn } from "./administrators.ts";
import { checkTrainedOn } from "./fields.ts";

export type NewPerson = { email: string; name: string; role: Role; area: string | null; trainedOn: string | null };

/**
 * Makes an invitation.
 * @returns it with its link, which is shown once
 * @throws AppError conflict | forbidden | invalid
 */
export const invitePerson = async (
  central: Pick<Central, "database" | "policy">,
  publicUrl: string,
  by: Actor,
  person: NewPerson,
): Promise<{ invitation: InvitationView; link: string }> => {
  await checkTrainedOn(central, person.trainedOn);
  return central.database.sql.begin(async (transaction) => {
    await takeTurn(transaction, by);
    const [known] = await transaction`select 1 from users where email = ${person.email}`;
    if (known) throw new AppError("conflict", `${person.email} has an account already.`);
    const [needed] = await transaction<{ second: boolean }[]>`select ${decideTogether(transaction)} as second`;
    if (by && person.role === "admin" && needed?.second)
      throw new AppError(
        "conflict",
        "A new administrator needs a second one's consent: invite the person as an operator, then propose them as administrator.",
      );
    const { id, token } = await createInvitation(transaction, { kind: "invite", ...person, userId: null }, by);
    const invitation = (await readInvitations(transaction)).find((open) => open.id === id);
    if (!invitation) throw new Error("the invitation was not stored");
    return { invitation, link: linkOf(publicUrl, token) };
  });
};
