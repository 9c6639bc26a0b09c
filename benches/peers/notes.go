// Command notes opens every note of a file with golang.org/x/mod/sumdb/note, on all
// cores, with the keys that each note's own text names, and prints the seconds it took.
// The file holds each note behind its length as four bytes, the largest first.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var notes [][]byte
	for len(data) > 0 {
		length := binary.BigEndian.Uint32(data)
		notes = append(notes, data[4:4+length])
		data = data[4+length:]
	}
	begin := time.Now()
	var workers sync.WaitGroup
	share := (len(notes) + runtime.NumCPU() - 1) / runtime.NumCPU()
	for from := 0; from < len(notes); from += share {
		part := notes[from:min(from+share, len(notes))]
		workers.Add(1)
		go func() {
			defer workers.Done()
			open(part)
		}()
	}
	workers.Wait()
	fmt.Println(time.Since(begin).Seconds())
}

func min(one, other int) int {
	if one < other {
		return one
	}
	return other
}

// open demands every key's signature; a key is read once.
func open(notes [][]byte) {
	known := make(map[string]note.Verifier)
	for _, message := range notes {
		text := message[:bytes.LastIndex(message, []byte("\n\n"))]
		var signers []note.Verifier
		for _, line := range strings.Split(string(text), "\n") {
			key, value, _ := strings.Cut(line, ": ")
			if !strings.HasSuffix(key, "-key") {
				continue
			}
			verifier, there := known[value]
			if !there {
				var err error
				if verifier, err = note.NewVerifier(value); err != nil {
					panic(err)
				}
				known[value] = verifier
			}
			signers = append(signers, verifier)
		}
		opened, err := note.Open(message, note.VerifierList(signers...))
		if err != nil || len(opened.Sigs) != len(signers) {
			panic(fmt.Sprint("a note does not open: ", err))
		}
	}
}
