// The last line of a run, for scripts: how many passed and failed.
import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";

export default class Summary implements Reporter {
  private passed = 0;
  private failed = 0;

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === "passed") this.passed += 1;
    else if (result.status !== "skipped") this.failed += 1;
    if (result.status !== "passed") console.log(`${result.status}: ${test.titlePath().slice(1).join(" › ")}`);
  }

  onEnd(result: FullResult): void {
    console.log(`${this.passed} passed, ${this.failed} failed${result.status === "passed" ? "" : ` (${result.status})`}`);
  }
}
