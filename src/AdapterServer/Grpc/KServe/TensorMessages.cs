using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.KServe;
using AdapterServe.Protocol.KServe;
using Google.Protobuf;

namespace AdapterServe.AdapterServer.Grpc.KServe;

/// <summary>Tensors as KServe's messages have them: typed values, or raw bytes beside them. An answer has the form of its request.</summary>
internal static class TensorMessages
{
    /// <summary><b>Errors</b>: 400 for malformed tensors.</summary>
    public static InferenceRequest Read(ModelInferRequest request, ServedModel model)
    {
        var isRaw = request.RawInputContents.Count > 0;
        if (isRaw && request.RawInputContents.Count != request.Inputs.Count)
        {
            throw ApiException.Invalid("raw_input_contents", "'raw_input_contents' has an entry for each input, or none at all.");
        }

        return new InferenceRequest(
            model,
            request.Id,
            [.. request.Inputs.Select((input, i) => isRaw ? FromRaw(input, request.RawInputContents[i].Span) : FromContents(input))],
            [.. request.Outputs.Select(output => output.Name)],
            request.Parameters.ToDictionary(entry => entry.Key, entry => Parameter(entry.Key, entry.Value), StringComparer.Ordinal));
    }

    public static ModelInferResponse Write(InferenceResult result, bool isRaw)
    {
        var response = new ModelInferResponse { ModelName = result.Model.Name, ModelVersion = result.Model.Version, Id = result.Id };
        foreach (var output in result.Outputs)
        {
            var tensor = new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = output.Datatype, Shape = { output.Count } };
            if (isRaw)
            {
                response.RawOutputContents.Add(Raw(output));
            }
            else
            {
                tensor.Contents = Contents(output);
            }

            response.Outputs.Add(tensor);
        }

        return response;
    }

    private static JsonNode? Parameter(string name, InferParameter value) => value.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.BoolParam => value.BoolParam,
        InferParameter.ParameterChoiceOneofCase.Int64Param => value.Int64Param,
        InferParameter.ParameterChoiceOneofCase.Uint64Param => value.Uint64Param,
        InferParameter.ParameterChoiceOneofCase.StringParam => value.StringParam,
        InferParameter.ParameterChoiceOneofCase.DoubleParam => double.IsFinite(value.DoubleParam) ? value.DoubleParam : throw ApiException.Invalid(name, $"'{name}' must be a finite number."),
        _ => null,
    };

    private static InputTensor FromContents(ModelInferRequest.Types.InferInputTensor input)
    {
        var contents = input.Contents ?? new InferTensorContents();
        return input.Datatype switch
        {
            "BYTES" => Of(input, [.. contents.BytesContents.Select(value => Text(input.Name, value.Span))], null),
            "BOOL" => Of(input, null, [.. contents.BoolContents.Select(value => value ? 1L : 0L)]),
            "INT32" => Of(input, null, [.. contents.IntContents.Select(value => (long)value)]),
            "INT64" => Of(input, null, [.. contents.Int64Contents]),
            _ => throw WrongType(input),
        };
    }

    private static InputTensor FromRaw(ModelInferRequest.Types.InferInputTensor input, ReadOnlySpan<byte> raw) => input.Datatype switch
    {
        "BYTES" => Of(input, Texts(input.Name, raw), null),
        "BOOL" => Of(input, null, Numbers(input.Name, raw, 1, bytes => bytes[0] != 0 ? 1 : 0)),
        "INT32" => Of(input, null, Numbers(input.Name, raw, sizeof(int), bytes => BinaryPrimitives.ReadInt32LittleEndian(bytes))),
        "INT64" => Of(input, null, Numbers(input.Name, raw, sizeof(long), BinaryPrimitives.ReadInt64LittleEndian)),
        _ => throw WrongType(input),
    };

    private static InputTensor Of(ModelInferRequest.Types.InferInputTensor input, IReadOnlyList<string>? texts, IReadOnlyList<long>? numbers) =>
        new(input.Name, input.Datatype, [.. input.Shape], texts, numbers);

    private static List<string> Texts(string name, ReadOnlySpan<byte> raw)
    {
        var texts = new List<string>();
        while (raw.Length > 0)
        {
            if (raw.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32LittleEndian(raw) is var length && length > raw.Length - sizeof(uint))
            {
                throw Malformed(name);
            }

            texts.Add(Text(name, raw.Slice(sizeof(uint), (int)length)));
            raw = raw[(sizeof(uint) + (int)length)..];
        }

        return texts;
    }

    private static List<long> Numbers(string name, ReadOnlySpan<byte> raw, int size, Func<ReadOnlySpan<byte>, long> read)
    {
        if (raw.Length % size != 0)
        {
            throw Malformed(name);
        }

        var numbers = new List<long>(raw.Length / size);
        for (; raw.Length > 0; raw = raw[size..])
        {
            numbers.Add(read(raw));
        }

        return numbers;
    }

    private static string Text(string name, ReadOnlySpan<byte> bytes) =>
        System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw ApiException.Invalid(name, $"'{name}' is not valid UTF-8.");

    private static InferTensorContents Contents(OutputTensor output) => output.Datatype switch
    {
        "BYTES" => new InferTensorContents { BytesContents = { output.Texts!.Select(ByteString.CopyFromUtf8) } },
        "INT32" => new InferTensorContents { IntContents = { output.Numbers!.Select(number => (int)number) } },
        _ => new InferTensorContents { Int64Contents = { output.Numbers! } },
    };

    private static ByteString Raw(OutputTensor output)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        foreach (var text in output.Texts ?? [])
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            writer.Write((uint)utf8.Length);
            writer.Write(utf8);
        }

        foreach (var number in output.Numbers ?? [])
        {
            if (output.Datatype == "INT32")
            {
                writer.Write((int)number);
            }
            else
            {
                writer.Write(number);
            }
        }

        writer.Flush();
        return ByteString.CopyFrom(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    private static ApiException Malformed(string name) => ApiException.Invalid(name, $"The raw bytes of '{name}' end within a value.");

    private static ApiException WrongType(ModelInferRequest.Types.InferInputTensor input) => ApiException.WrongType(input.Name, "a tensor of BYTES, BOOL, INT32 or INT64");
}
