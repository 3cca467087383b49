/** Text of the document, in which code stands between backticks. */
export function Prose({ text }: { text: string }) {
  return text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      <code key={index} className="code-word">
        {part}
      </code>
    ) : (
      part
    ),
  );
}
