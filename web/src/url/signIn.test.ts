import { expect, it } from "vitest";
import { signInAddress } from "./signIn";

it("leads to this server whatever the link says", () => {
  const token = "Rz9DcIwUcf2ymRCma0kwCbm6rVXjuqLYXjZcvTDfGgs";
  const expected = `/sign-in?token=${token}&next=%2Ferrors%3Fwallet%3DApplePay`;
  for (const text of [token, ` http://127.0.0.1:7300/sign-in?token=${token} `, `https://elsewhere.example/x?a=1&token=${token}&b=2`]) {
    expect(signInAddress(text, "/errors?wallet=ApplePay")).toBe(expected);
  }
  for (const text of ["", "hello", "http://127.0.0.1:7300/ops", "token="]) expect(signInAddress(text, "/ops")).toBeNull();
});
