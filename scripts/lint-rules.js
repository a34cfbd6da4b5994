/**
 * Laws of the house that no stock rule covers, loaded by .oxlintrc.json.
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

const saysWhatFor = {
  create: (context) => ({
    Program(node) {
      const [first] = context.sourceCode.getAllComments();
      const opens = first?.type === "Block" && first.value.startsWith("*");
      const start = node.body[0]?.range[0] ?? Infinity;
      if (!opens || first.range[0] > start) {
        context.report({ node, message: "A file begins with /** what it is for and the one rule it keeps */." });
      }
    },
  }),
};

export default {
  meta: { name: "house" },
  rules: { "no-barrel": noBarrel, "no-empty-catch": noEmptyCatch, "says-what-for": saysWhatFor },
};
