/** What the extension uses of Chrome's interface, and no more. */
declare namespace chrome {
  interface Event<Listener extends (...args: never[]) => void> {
    addListener(listener: Listener): void;
    removeListener(listener: Listener): void;
  }

  namespace i18n {
    /** Empty where there is no such message. */
    function getMessage(name: string, value?: string): string;
  }

  namespace runtime {
    /** Nothing in a content script whose extension was updated or removed since. */
    const id: string | undefined;
    const onConnect: Event<(port: Port) => void>;
    function getURL(path: string): string;

    interface Port {
      readonly onMessage: Event<(message: never) => void>;
      readonly onDisconnect: Event<() => void>;
      postMessage(message: unknown): void;
      disconnect(): void;
    }
  }

  namespace storage {
    const local: {
      get<T extends object>(defaults: T): Promise<T>;
      set(values: object): Promise<void>;
      readonly onChanged: Event<() => void>;
    };
  }

  namespace tabs {
    function getCurrent(): Promise<{ id: number } | undefined>;
    function connect(tab: number, options: { frameId: number }): runtime.Port;
  }
}
