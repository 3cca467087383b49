// A hub in Go with gorilla/websocket, in the shape its own chat example made usual: one goroutine that owns the set of
// clients, a writing and a reading goroutine for each, a buffered channel in between.
//
//	hub PORT    websocket at /ws, POST /notify
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

type envelope struct {
	Type      string          `json:"type"`
	Message   string          `json:"message"`
	Data      json.RawMessage `json:"data"`
	Timestamp string          `json:"timestamp"`
}

type change struct {
	mailbox chan []byte
	joins   bool
}

var (
	changes  = make(chan change)
	notices  = make(chan []byte)
	upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
)

func hub() {
	mailboxes := map[chan []byte]bool{}
	leave := func(m chan []byte) {
		if mailboxes[m] {
			delete(mailboxes, m)
			close(m)
		}
	}
	for {
		select {
		case c := <-changes:
			if c.joins {
				mailboxes[c.mailbox] = true
			} else {
				leave(c.mailbox)
			}
		case text := <-notices:
			for m := range mailboxes {
				select {
				case m <- text:
				default: // it does not read: it goes
					leave(m)
				}
			}
		}
	}
}

func subscribe(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	mailbox := make(chan []byte, 256)
	changes <- change{mailbox, true}
	go func() {
		defer conn.Close()
		pings := time.NewTicker(25 * time.Second)
		defer pings.Stop()
		for {
			kind, text, open := websocket.PingMessage, []byte(nil), true
			select {
			case text, open = <-mailbox:
				kind = websocket.TextMessage
			case <-pings.C:
			}
			conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
			if !open || conn.WriteMessage(kind, text) != nil {
				return
			}
		}
	}()
	conn.SetReadLimit(4096)
	for {
		if _, _, err := conn.NextReader(); err != nil {
			changes <- change{mailbox, false}
			return
		}
	}
}

func notify(w http.ResponseWriter, r *http.Request) {
	var e envelope
	if json.NewDecoder(r.Body).Decode(&e) != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	e.Timestamp = time.Now().UTC().Format(time.RFC3339Nano)
	text, _ := json.Marshal(e)
	notices <- text
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"status":"ok"}`))
}

func main() {
	go hub()
	http.HandleFunc("/ws", subscribe)
	http.HandleFunc("/notify", notify)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
