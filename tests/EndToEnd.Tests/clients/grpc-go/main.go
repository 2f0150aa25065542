// Debian's Go and its gRPC against a running server: main HOST:PORT [CA_FILE].
// Ends with 0 and prints "ok" when everything is as expected.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
)

// Messages as protoc would make them, with the fields that are used here.
type options struct {
	MaxTokens   int32   `protobuf:"varint,1,opt,name=max_tokens,proto3"`
	MinTokens   int32   `protobuf:"varint,2,opt,name=min_tokens,proto3"`
	Temperature float32 `protobuf:"fixed32,4,opt,name=temperature,proto3"`
	TopK        int32   `protobuf:"varint,6,opt,name=top_k,proto3"`
	IgnoreEos   bool    `protobuf:"varint,15,opt,name=ignore_eos,proto3"`
}
type prompt struct {
	Text string `protobuf:"bytes,1,opt,name=text,proto3"`
}
type request struct {
	Model   string    `protobuf:"bytes,1,opt,name=model,proto3"`
	Prompt  []*prompt `protobuf:"bytes,3,rep,name=prompt,proto3"`
	Options *options  `protobuf:"bytes,6,opt,name=options,proto3"`
}
type choice struct {
	Index int32  `protobuf:"varint,1,opt,name=index,proto3"`
	Text  string `protobuf:"bytes,2,opt,name=text,proto3"`
}
type answer struct {
	Id      string    `protobuf:"bytes,1,opt,name=id,proto3"`
	Model   string    `protobuf:"bytes,3,opt,name=model,proto3"`
	Choices []*choice `protobuf:"bytes,4,rep,name=choices,proto3"`
}

func (m *options) Reset()         { *m = options{} }
func (m *options) String() string { return proto.CompactTextString(m) }
func (m *options) ProtoMessage()  {}
func (m *prompt) Reset()          { *m = prompt{} }
func (m *prompt) String() string  { return proto.CompactTextString(m) }
func (m *prompt) ProtoMessage()   {}
func (m *request) Reset()         { *m = request{} }
func (m *request) String() string { return proto.CompactTextString(m) }
func (m *request) ProtoMessage()  {}
func (m *choice) Reset()          { *m = choice{} }
func (m *choice) String() string  { return proto.CompactTextString(m) }
func (m *choice) ProtoMessage()   {}
func (m *answer) Reset()          { *m = answer{} }
func (m *answer) String() string  { return proto.CompactTextString(m) }
func (m *answer) ProtoMessage()   {}

const (
	complete = "/adapterserve.v1.Generation/Complete"
	stream   = "/adapterserve.v1.Generation/CompleteStream"
	question = "<|user|>\nWhich day comes after Tuesday?<|end|>\n<|assistant|>\n"
	expected = "The day after Tuesday is Wednesday."
)

func require(holds bool, what ...interface{}) {
	if !holds {
		fmt.Fprintln(os.Stderr, what...)
		os.Exit(1)
	}
}

func ask(model, text string) *request {
	return &request{Model: model, Prompt: []*prompt{{Text: text}}, Options: &options{MaxTokens: 40, TopK: 1}}
}

func unary(ctx context.Context, connection *grpc.ClientConn) {
	got := new(answer)
	err := connection.Invoke(ctx, complete, ask("demo", question), got, grpc.UseCompressor(gzip.Name))
	require(err == nil && got.Choices[0].Text == expected, err, got)
	var trailer metadata.MD
	err = connection.Invoke(ctx, complete, ask("nobody", question), got, grpc.Trailer(&trailer))
	require(status.Code(err) == codes.NotFound && trailer.Get("error-code")[0] == "model_not_found", err, trailer)
	soon, stop := context.WithTimeout(ctx, 30*time.Millisecond)
	defer stop()
	long := ask("demo", "Once")
	long.Options.MaxTokens, long.Options.IgnoreEos = 400, true
	require(status.Code(connection.Invoke(soon, complete, long, got)) == codes.DeadlineExceeded, "no deadline")
}

func streaming(ctx context.Context, connection *grpc.ClientConn) {
	call, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, stream)
	require(err == nil && call.SendMsg(ask("demo", question)) == nil && call.CloseSend() == nil, err)
	text := ""
	for {
		piece := new(answer)
		if err = call.RecvMsg(piece); err == io.EOF {
			break
		}
		require(err == nil, err)
		for _, part := range piece.Choices {
			text += part.Text
		}
	}
	require(text == expected, text)
}

func standard(ctx context.Context, connection *grpc.ClientConn) {
	health, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "adapterserve.v1.Generation"})
	require(err == nil && health.Status == grpc_health_v1.HealthCheckResponse_SERVING, err, health)
	talk, err := reflection.NewServerReflectionClient(connection).ServerReflectionInfo(ctx)
	require(err == nil, err)
	require(talk.Send(&reflection.ServerReflectionRequest{MessageRequest: &reflection.ServerReflectionRequest_ListServices{ListServices: "*"}}) == nil, "not sent")
	listed, err := talk.Recv()
	require(err == nil && len(listed.GetListServicesResponse().Service) > 5, err, listed)
}

func main() {
	security := grpc.WithInsecure()
	if len(os.Args) > 2 {
		certificate, err := credentials.NewClientTLSFromFile(os.Args[2], "")
		require(err == nil, err)
		security = grpc.WithTransportCredentials(certificate)
	}
	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	defer stop()
	connection, err := grpc.DialContext(ctx, os.Args[1], security, grpc.WithBlock())
	require(err == nil, err)
	unary(ctx, connection)
	streaming(ctx, connection)
	standard(ctx, connection)
	fmt.Println("ok")
}
