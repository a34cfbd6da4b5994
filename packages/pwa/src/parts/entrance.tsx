/**
 * The frame of what comes before signing in: the mark, one task, one column.
 * Rule: nothing about the data behind the door is shown here.
 */
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { type JSX, Show, createEffect } from "solid-js";
import { t } from "../i18n/words.ts";
import { Mark } from "./mark.tsx";
import { LanguageChoice } from "./choices.tsx";

export const Entrance = (props: { title: string; lead?: string | undefined; children: JSX.Element }) => {
  createEffect(() => {
    document.title = `${props.title} · ${t("app.name")}`;
  });
  return (
    <div class="entrance">
      <main id="main" class="entrance-main">
        <div class="entrance-brand">
          <Mark />
          <span>{t("app.name")}</span>
        </div>
        <h1>{props.title}</h1>
        <Show when={props.lead}>
          <p class="entrance-lead">{props.lead}</p>
        </Show>
        {props.children}
      </main>
      <footer class="entrance-foot">
        <p>{t("signIn.footer")}</p>
        <LanguageChoice />
      </footer>
    </div>
  );
};

/** What is wrong with a form, spoken at once. The region is always there, so that it is heard. */
export const FormTrouble = (props: { text: string }) => (
  <div class="form-trouble" role="alert">
    <Show when={props.text !== ""}>
      <TriangleAlert aria-hidden="true" />
      <span>{props.text}</span>
    </Show>
  </div>
);
