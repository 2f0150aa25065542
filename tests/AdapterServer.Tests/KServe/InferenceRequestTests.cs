using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.KServe;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.KServe;
using AdapterServe.AdapterServer.Rest.KServe;
using AdapterServe.Protocol.KServe;
using Google.Protobuf;

namespace AdapterServe.AdapterServer.Tests.KServe;

/// <summary>Inference requests of both forms become the same completion, or are refused with a reason.</summary>
public sealed class InferenceRequestTests
{
    private const string Text = """{"name":"text_input","datatype":"BYTES","shape":[1],"data":["a"]}""";

    private static ServedModel Model => new("demo", "1", "demo");

    [Fact]
    public void Tensors_and_parameters_become_a_completion()
    {
        var request = Parse($$"""
            {"id":"9","parameters":{"temperature":0,"stop":["x"]},"outputs":[{"name":"text_output"}],
             "inputs":[{"name":"text_input","datatype":"BYTES","shape":[2,1],"data":[["a"],["b"]]},
                       {"name":"sampling_parameters","datatype":"BYTES","shape":[1],"data":["{\"max_tokens\":3}"]},
                       {"name":"exclude_input_in_output","datatype":"BOOL","shape":[1],"data":[false]}]}
            """);
        Assert.Equal(("9", "text_output"), (request.Id, Assert.Single(request.Wanted())));
        RequireCompletion("""{"model":"demo","prompt":["a","b"],"return_token_ids":false,"echo":true,"temperature":0,"stop":["x"],"max_tokens":3}""", request);
    }

    [Fact]
    public void Prompts_of_ids_are_the_rows_of_their_tensor() => RequireCompletion(
        """{"model":"demo","prompt":[[1,2,3],[4,5,6]],"return_token_ids":true}""",
        Parse("""{"inputs":[{"name":"input_ids","datatype":"INT64","shape":[2,3],"data":[1,2,3,4,5,6]}]}"""));

    [Fact]
    public void Raw_bytes_mean_the_same_as_typed_values()
    {
        var raw = new ModelInferRequest { Inputs = { Tensor("text_input", "BYTES", 2), Tensor("stream", "BOOL", 1) } };
        raw.RawInputContents.Add(ByteString.CopyFrom([1, 0, 0, 0, (byte)'a', 0, 0, 0, 0]));
        raw.RawInputContents.Add(ByteString.CopyFrom([1]));
        RequireCompletion("""{"model":"demo","prompt":["a",""],"return_token_ids":true,"stream":true}""", TensorMessages.Read(raw, Model));
        var ids = new ModelInferRequest { Inputs = { Tensor("input_ids", "INT32", 2) }, RawInputContents = { ByteString.CopyFrom([1, 0, 0, 0, 0, 1, 0, 0]) } };
        RequireCompletion("""{"model":"demo","prompt":[[1,256]],"return_token_ids":true}""", TensorMessages.Read(ids, Model));
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"inputs":[]}""")]
    [InlineData("""{"inputs":{}}""")]
    [InlineData("""{"inputs":[1]}""")]
    [InlineData("""{"inputs":[{"name":"other","datatype":"BYTES","shape":[1],"data":["a"]}]}""")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[2],"data":["a"]}]}""")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[],"data":["a"]}]}""")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[-1],"data":["a"]}]}""")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[4294967296,4294967296],"data":["a"]}]}""")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":[1]}]}""")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"INT32","shape":[1],"data":[1]}]}""")]
    [InlineData("""{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1]}]}""")]
    [InlineData("""{"inputs":[{"name":"input_ids","datatype":"INT64","shape":[1,1,1],"data":[1]}]}""")]
    [InlineData("""{"inputs":[{"name":"input_ids","datatype":"INT64","shape":[0],"data":[]}]}""")]
    [InlineData("""{"inputs":[{"name":"input_ids","datatype":"FP32","shape":[1],"data":[1.5]}]}""")]
    [InlineData($$"""{"inputs":[{{Text}},{{Text}}]}""")]
    [InlineData($$"""{"inputs":[{{Text}},{"name":"input_ids","datatype":"INT64","shape":[1],"data":[1]}]}""")]
    [InlineData($$"""{"inputs":[{{Text}},{"name":"stream","datatype":"BOOL","shape":[2],"data":[true,true]}]}""")]
    [InlineData($$"""{"inputs":[{{Text}},{"name":"sampling_parameters","datatype":"BYTES","shape":[1],"data":["{"]}]}""")]
    [InlineData($$"""{"inputs":[{{Text}}],"parameters":{"model":"other"} }""")]
    [InlineData($$"""{"inputs":[{{Text}}],"parameters":[]}""")]
    [InlineData($$"""{"inputs":[{{Text}}],"outputs":[{"name":"logits"}]}""")]
    public void What_does_not_go_together_is_refused(string body)
    {
        var error = Assert.Throws<ApiException>(() => Parse(body).ToCompletion());
        Assert.Equal(400, error.Status);
    }

    public static TheoryData<string, byte[]> MalformedRaw => new()
    {
        { "BYTES", [1, 0, 0] },
        { "BYTES", [2, 0, 0, 0, 65] },
        { "BYTES", [255, 255, 255, 255, 65] },
        { "BYTES", [1, 0, 0, 0, 255] },
        { "INT32", [1, 0, 0] },
        { "INT64", [1, 0, 0, 0] },
        { "FP32", [0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(MalformedRaw))]
    public void Raw_bytes_that_end_within_a_value_are_refused(string datatype, byte[] raw)
    {
        var request = new ModelInferRequest { Inputs = { Tensor("text_input", datatype, 1) }, RawInputContents = { ByteString.CopyFrom(raw) } };
        Assert.Equal(400, Assert.Throws<ApiException>(() => TensorMessages.Read(request, Model)).Status);
    }

    [Fact]
    public void An_answer_has_the_form_of_its_request()
    {
        var result = new InferenceResult(Model, "7", [new OutputTensor("text_output", "BYTES", ["é"], null), new OutputTensor("output_ids", "INT64", null, [258])]);
        var typed = TensorMessages.Write(result, isRaw: false);
        Assert.Equal("é", typed.Outputs[0].Contents.BytesContents.Single().ToStringUtf8());
        Assert.Equal(258, typed.Outputs[1].Contents.Int64Contents.Single());
        var raw = TensorMessages.Write(result, isRaw: true);
        Assert.Equal([2, 0, 0, 0, 0xc3, 0xa9], raw.RawOutputContents[0].ToByteArray());
        Assert.Equal([2, 1, 0, 0, 0, 0, 0, 0], raw.RawOutputContents[1].ToByteArray());
        Assert.All(raw.Outputs, output => Assert.Null(output.Contents));
    }

    private static InferenceRequest Parse(string body)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
        return InferenceParser.Parse(document.RootElement, Model);
    }

    private static ModelInferRequest.Types.InferInputTensor Tensor(string name, string datatype, long count) => new() { Name = name, Datatype = datatype, Shape = { count } };

    private static void RequireCompletion(string expected, InferenceRequest request)
    {
        using var document = request.ToCompletion();
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonObject.Create(document.RootElement.Clone())), document.RootElement.GetRawText());
    }
}
