import { useParams } from "wouter";
import { Log } from "./Log.tsx";
import { Record } from "./Record.tsx";

export default function History() {
  const { id } = useParams<{ id?: string }>();
  return id === undefined ? <Log /> : <Record key={id} id={id} />;
}
