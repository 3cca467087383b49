import { Component, type ReactNode } from "react";
import { Failure } from "./Failure.tsx";

interface State {
  error: Error | null;
}

/** A screen that fails leaves the others standing; at another `place` it is tried again. */
export class Guard extends Component<{ children: ReactNode; place: string }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate(before: { place: string }) {
    if (before.place !== this.props.place && this.state.error !== null) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Failure
        error={this.state.error}
        onRetry={() => {
          this.setState({ error: null });
        }}
      />
    );
  }
}
