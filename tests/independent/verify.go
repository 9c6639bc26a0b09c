// Command verify checks custody's receipts and checkpoints with code that is not
// custody's: golang.org/x/mod/sumdb, the note and transparency log packages
// behind Go's checksum database.
//
//	verify receipt FILE LOG-VKEY
//	verify consistency OLD-CHECKPOINT NEW-CHECKPOINT PROOF LOG-VKEY
//	verify tiles FOLDER LOG-VKEY
//	verify cosigned CHECKPOINT LOG-VKEY WITNESS-VKEY
//	verify fork PROOF LOG-VKEY
//
// PROOF is a file with one base64 hash a line. Exit status: 0 verified, 1
// refused, 2 usage.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const header = "c2sp.org/tlog-proof@v1\n"

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "receipt":
		err = receipt(os.Args[2], os.Args[3])
	case len(os.Args) == 6 && os.Args[1] == "consistency":
		err = consistency(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	case len(os.Args) == 4 && os.Args[1] == "tiles":
		err = tiles(os.Args[2], os.Args[3])
	case len(os.Args) == 5 && os.Args[1] == "cosigned":
		err = cosigned(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 4 && os.Args[1] == "fork":
		err = fork(os.Args[2], os.Args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: verify receipt FILE LOG-VKEY")
		fmt.Fprintln(os.Stderr, "       verify consistency OLD NEW PROOF LOG-VKEY")
		fmt.Fprintln(os.Stderr, "       verify tiles FOLDER LOG-VKEY")
		fmt.Fprintln(os.Stderr, "       verify cosigned CHECKPOINT LOG-VKEY WITNESS-VKEY")
		fmt.Fprintln(os.Stderr, "       verify fork PROOF LOG-VKEY")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}

// receipt verifies both halves of a receipt file.
func receipt(file, logKey string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	at := bytes.Index(data, []byte("\n\n"+header))
	if at < 0 {
		return fmt.Errorf("no tlog-proof behind the statement")
	}
	statement, proof := data[:at+1], data[at+2:]
	if err := parties(statement); err != nil {
		return err
	}
	return included(statement, proof, logKey)
}

// parties opens the statement with the vkeys its own text names and demands the
// signature of every one of them, and no other line. note.Open alone is content
// with one known signature.
func parties(statement []byte) error {
	split := bytes.LastIndex(statement, []byte("\n\n"))
	if split < 0 {
		return fmt.Errorf("the statement has no signatures")
	}
	var verifiers []note.Verifier
	for _, line := range strings.Split(string(statement[:split]), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok || !strings.HasSuffix(key, "-key") {
			continue
		}
		verifier, err := note.NewVerifier(value)
		if err != nil {
			return fmt.Errorf("%s: %v", key, err)
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open(statement, note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	lines := bytes.Count(statement[split+2:], []byte("\n"))
	if len(opened.Sigs) != len(verifiers) || lines != len(verifiers) {
		return fmt.Errorf("%d keys named, %d signatures verified, %d lines", len(verifiers), len(opened.Sigs), lines)
	}
	for i, verifier := range verifiers {
		if opened.Sigs[i].Name != verifier.Name() || opened.Sigs[i].Hash != verifier.KeyHash() {
			return fmt.Errorf("signature %d is by %s, not by %s", i+1, opened.Sigs[i].Name, verifier.Name())
		}
		fmt.Println("signed by", verifier.Name())
	}
	return nil
}

// included verifies the tlog-proof of a statement.
func included(statement, proof []byte, logKey string) error {
	head, signed, ok := bytes.Cut(proof, []byte("\n\n"))
	if !ok {
		return fmt.Errorf("the proof has no checkpoint")
	}
	lines := strings.Split(strings.TrimPrefix(string(head), header), "\n")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	path, err := hashes(lines[1:])
	if err != nil {
		return err
	}
	size, root, err := checkpoint(signed, logKey)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, size, root, index, tlog.RecordHash(statement)); err != nil {
		return err
	}
	fmt.Printf("entry %d of %d\n", index, size)
	return nil
}

// consistency verifies that the newer checkpoint's tree begins with the older's.
func consistency(oldFile, newFile, proofFile, logKey string) error {
	oldSize, oldRoot, err := checkpointFile(oldFile, logKey)
	if err != nil {
		return err
	}
	newSize, newRoot, err := checkpointFile(newFile, logKey)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	path, err := hashes(strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(path, newSize, newRoot, oldSize, oldRoot); err != nil {
		return err
	}
	fmt.Printf("%d entries begin with %d\n", newSize, oldSize)
	return nil
}

func checkpointFile(file, logKey string) (int64, tlog.Hash, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	return checkpoint(data, logKey)
}

// checkpoint opens a checkpoint note with the log's vkey.
func checkpoint(signed []byte, logKey string) (int64, tlog.Hash, error) {
	verifier, err := note.NewVerifier(logKey)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return 0, tlog.Hash{}, fmt.Errorf("the checkpoint is not one of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return size, root, err
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var path []tlog.Hash
	for _, line := range lines {
		if line == "" {
			continue
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, fmt.Errorf("%q is no hash", line)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		path = append(path, hash)
	}
	return path, nil
}

// published is a folder of c2sp.org/tlog-tiles, as tlog reads tiles.
type published string

func (folder published) Height() int { return 8 }

func (folder published) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(folder.path(tile))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (folder published) SaveTiles([]tlog.Tile, [][]byte) {}

// path of a tile: Go's own names have the height in front and say data for entries.
func (folder published) path(tile tlog.Tile) string {
	name := strings.TrimPrefix(tile.Path(), "tile/8/")
	if strings.HasPrefix(name, "data/") {
		name = "entries/" + strings.TrimPrefix(name, "data/")
	}
	return filepath.Join(string(folder), "tile", name)
}

// tiles verifies a published log: every entry of every bundle against the hash tiles,
// and those against the checkpoint.
func tiles(folder, logKey string) error {
	size, root, err := checkpointFile(filepath.Join(folder, "checkpoint"), logKey)
	if err != nil {
		return err
	}
	files := published(folder)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, files)
	for at := int64(0); at < size; {
		width := size - at
		if width > 256 {
			width = 256
		}
		data, err := os.ReadFile(files.path(tlog.Tile{H: 8, L: -1, N: at / 256, W: int(width)}))
		if err != nil {
			return err
		}
		for end := at + width; at < end; at++ {
			if len(data) < 2 || len(data)-2 < int(data[0])<<8+int(data[1]) {
				return fmt.Errorf("the bundle ends in entry %d", at)
			}
			length := int(data[0])<<8 + int(data[1])
			entry := data[2 : 2+length]
			data = data[2+length:]
			hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, at)})
			if err != nil {
				return err
			}
			if hashes[0] != tlog.RecordHash(entry) {
				return fmt.Errorf("entry %d is not the one in the tree", at)
			}
		}
		if len(data) != 0 {
			return fmt.Errorf("bytes behind entry %d", at-1)
		}
	}
	fmt.Printf("%d entries published by %s\n", size, strings.Split(logKey, "+")[0])
	return nil
}

// witness verifies cosignature/v1 lines (c2sp.org/tlog-cosignature), which sumdb's note
// does not know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	at   *uint64
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }

func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	*w.at = binary.BigEndian.Uint64(signature)
	said := fmt.Sprintf("cosignature/v1\ntime %d\n%s", *w.at, text)
	return ed25519.Verify(w.key, []byte(said), signature[8:])
}

// newWitness reads a vkey of signature type 4.
func newWitness(vkey string) (witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return witness{}, fmt.Errorf("%q is no vkey", vkey)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != 4 {
		return witness{}, fmt.Errorf("%q is no witness's vkey", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return witness{}, fmt.Errorf("the id of %q is not its key's", vkey)
	}
	return witness{parts[0], hash, raw[1:], new(uint64)}, nil
}

// cosigned verifies that log and witness both signed a checkpoint.
func cosigned(file, logKey, witnessKey string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	size, _, err := checkpoint(data, logKey)
	if err != nil {
		return err
	}
	by, err := newWitness(witnessKey)
	if err != nil {
		return err
	}
	if _, err := note.Open(data, note.VerifierList(by)); err != nil {
		return err
	}
	fmt.Printf("%d entries cosigned by %s at %d\n", size, by.name, *by.at)
	return nil
}

// fork verifies that a log signed two histories: the second checkpoint's tree begins with
// a root that is not the first's.
func fork(file, logKey string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	parts := strings.Split(string(data), "\n\n")
	if len(parts) != 5 || !strings.HasPrefix(parts[0], "custody/fork-proof/v1\n") {
		return fmt.Errorf("no fork proof")
	}
	var named [2][]string
	for _, line := range strings.Split(parts[0], "\n") {
		for at, name := range []string{"root ", "proof "} {
			if strings.HasPrefix(line, name) {
				named[at] = append(named[at], strings.TrimPrefix(line, name))
			}
		}
	}
	roots, err := hashes(named[0])
	if err != nil || len(roots) != 1 {
		return fmt.Errorf("there is not one root: %v", err)
	}
	path, err := hashes(named[1])
	if err != nil {
		return err
	}
	first, firstRoot, err := checkpoint([]byte(parts[1]+"\n\n"+parts[2]+"\n"), logKey)
	if err != nil {
		return err
	}
	second, secondRoot, err := checkpoint([]byte(parts[3]+"\n\n"+parts[4]), logKey)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(path, second, secondRoot, first, roots[0]); err != nil {
		return err
	}
	if roots[0] == firstRoot {
		return fmt.Errorf("one history")
	}
	fmt.Printf("two histories of %d entries\n", first)
	return nil
}
