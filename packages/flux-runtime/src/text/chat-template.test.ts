import { describe, expect, it } from "vitest";
import { createChatTemplate } from "./chat-template.ts";

describe("createChatTemplate({ chatTemplate, specialTokens })(prompt)", () => {
  it("gives the template one user message, asks for an answer, and turns thinking off", async () => {
    const chatTemplate =
      "{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}" +
      "{{ add_generation_prompt }},{{ enable_thinking }},{{ tools is none }}";
    expect((await createChatTemplate({ chatTemplate, specialTokens: {} }))("hi")).toBe(
      "user:hi;true,false,true",
    );
  });
  it("knows the tokenizer's special tokens", async () => {
    const fill = await createChatTemplate({
      chatTemplate: "{{ bos_token }}{{ messages[0].content }}",
      specialTokens: { bos_token: "<s>" },
    });
    expect(fill("x")).toBe("<s>x");
  });
  it("puts the prompt in as it is: no escapes, no template code", async () => {
    const fill = await createChatTemplate({ chatTemplate: "{{ messages[0].content }}", specialTokens: {} });
    const prompt = "{{ 1 + 1 }} {% if %} <b>&amp;\\n\n";
    expect(fill(prompt)).toBe(prompt);
  });
  it("drops the line break after a block and the blanks before it, as transformers does", async () => {
    const chatTemplate = "{% if true %}\n  {% set a = 1 %}\n{{ a }}\n{% endif %}\n";
    expect((await createChatTemplate({ chatTemplate, specialTokens: {} }))("")).toBe("1\n");
  });
  it("refuses a template that cannot be parsed or filled in", async () => {
    await expect(createChatTemplate({ chatTemplate: "{% if %}", specialTokens: {} })).rejects.toThrow(
      /cannot be used/,
    );
    const fill = await createChatTemplate({
      chatTemplate: "{{ raise_exception('no users') }}",
      specialTokens: {},
    });
    expect(() => fill("x")).toThrow(/cannot be used \(.*no users/);
  });
});
