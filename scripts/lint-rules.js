/**
 * Two laws of the house that no stock rule covers, loaded by .oxlintrc.json.
 * Rule: each law here has a deliberate violation in import-law.test.ts.
 */

const isPassedOn = (statement) => statement.type.startsWith("Export") && statement.source;

const noBarrel = {
  create: (context) => ({
    /** A file that only passes on what others export hides who uses whom and draws cycles. */
    Program(node) {
      if (node.body.length > 0 && node.body.every(isPassedOn)) {
        context.report({ node, message: "A barrel file: import from the file that defines the thing." });
      }
    },
    ExportAllDeclaration(node) {
      context.report({ node, message: "`export *` hides what a module offers: export by name." });
    },
  }),
};

const noEmptyCatch = {
  create: (context) => ({
    /** Stricter than eslint/no-empty, which lets a comment stand for handling. */
    CatchClause(node) {
      if (node.body.body.length === 0) {
        context.report({ node, message: "An empty catch: handle the failure or let it pass." });
      }
    },
  }),
};

export default { meta: { name: "house" }, rules: { "no-barrel": noBarrel, "no-empty-catch": noEmptyCatch } };
