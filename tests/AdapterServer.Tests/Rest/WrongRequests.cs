using System.Globalization;

namespace AdapterServe.AdapterServer.Tests.Rest;

/// <summary>
/// Wrong bodies with the answer that each must get. The vocabulary has 1,024 ids, the context 1,024 tokens; the base is called <c>demo</c>.
/// </summary>
public static class WrongRequests
{
    private const string Completions = "/v1/completions";
    private const string Chat = "/v1/chat/completions";

    public static IReadOnlyList<WrongRequest> All { get; } = [.. Json(), .. Completion(), .. Sampling(), .. Mixtures(), .. Chats(), .. Responses(), .. Tokens()];

    private static IEnumerable<WrongRequest> Json()
    {
        yield return new("an empty body", Completions, "", 400, "invalid_json", null);
        yield return new("a body that is no JSON", Completions, "model=demo", 400, "invalid_json", null);
        yield return new("an unfinished object", Completions, """{"model":"demo","prompt":"a" """, 400, "invalid_json", null);
        yield return new("something after the value", Completions, """{"model":"demo","prompt":"a"}{}""", 400, "invalid_json", null);
        yield return new("a trailing comma", Completions, """{"model":"demo","prompt":"a",}""", 400, "invalid_json", null);
        yield return new("a comment", Completions, """{"model":"demo",/* a */"prompt":"a"}""", 400, "invalid_json", null);
        yield return new("single quotes", Completions, "{'model':'demo'}", 400, "invalid_json", null);
        yield return new("NaN", Completions, """{"model":"demo","prompt":"a","temperature":NaN}""", 400, "invalid_json", null);
        yield return new("a leading zero", Completions, """{"model":"demo","prompt":"a","n":01}""", 400, "invalid_json", null);
        yield return new("a byte order mark", Completions, "\uFEFF" + """{"model":"demo","prompt":"a"}""", 400, "invalid_json", null);
        yield return new("a key twice", Completions, """{"model":"demo","prompt":"a","prompt":"b"}""", 400, "invalid_json", null);
        yield return new("a key twice, once escaped", Completions, """{"model":"demo","prompt":"a","\u0070rompt":"b"}""", 400, "invalid_json", null);
        yield return new("half of a surrogate pair", Completions, """{"model":"demo","prompt":"\ud83d"}""", 400, "invalid_json", null);
        yield return new("surrogates in the wrong order", Completions, """{"model":"demo","prompt":"\ude00\ud83d"}""", 400, "invalid_json", null);
        yield return new("a control character in a string", Completions, "{\"model\":\"demo\",\"prompt\":\"a\u0001\"}", 400, "invalid_json", null);
        yield return new("depth 65", Completions, $$"""{"model":"demo","prompt":"a","x":{{new string('[', 64)}}{{new string(']', 64)}}}""", 400, "invalid_json", null);
        yield return new("a list for a body", Completions, "[]", 400, "invalid_type", null);
        yield return new("a string for a body", Completions, "\"demo\"", 400, "invalid_type", null);
        yield return new("null for a body", Completions, "null", 400, "invalid_type", null);
    }

    private static IEnumerable<WrongRequest> Completion()
    {
        yield return new("no model", Completions, """{"prompt":"a"}""", 400, "missing_required_parameter", "model");
        yield return new("model null", Completions, """{"model":null,"prompt":"a"}""", 400, "missing_required_parameter", "model");
        yield return new("model a number", Completions, """{"model":3,"prompt":"a"}""", 400, "invalid_type", "model");
        yield return new("model empty", Completions, """{"model":"","prompt":"a"}""", 400, "invalid_value", "model");
        yield return new("no prompt", Completions, """{"model":"demo"}""", 400, "missing_required_parameter", "prompt");
        yield return Prompt("prompt a number", "5", "invalid_type");
        yield return Prompt("prompt an object", "{}", "invalid_type");
        yield return Prompt("prompt true", "true", "invalid_type");
        yield return Prompt("prompt an empty list", "[]", "invalid_value");
        yield return Prompt("prompt a list of an empty list", "[[]]", "invalid_value");
        yield return Prompt("prompt a list of null", "[null]", "invalid_type");
        yield return Prompt("prompt text and ids mixed", """["a",[1]]""", "invalid_type");
        yield return Prompt("prompt ids and text mixed", """[1,"a"]""", "invalid_type");
        yield return Prompt("prompt ids with a fraction", "[1.5]", "invalid_type");
        yield return Prompt("prompt ids below zero", "[-1]", "invalid_value");
        yield return Prompt("prompt ids beyond the vocabulary", "[1,1024]", "invalid_value");
        yield return Prompt("prompt ids beyond 64 bits", "[99999999999999999999]", "invalid_type");
        yield return Prompt("129 prompts", "[" + string.Join(',', Enumerable.Repeat("\"a\"", 129)) + "]", "invalid_value");
        yield return Prompt("more ids than the context", "[" + string.Join(',', Enumerable.Repeat("5", 1025)) + "]", "context_length_exceeded");
        yield return Field("max_tokens below zero", "max_tokens", "-1", "invalid_value");
        yield return Field("max_tokens a fraction", "max_tokens", "1.5", "invalid_type");
        yield return Field("max_tokens text", "max_tokens", "\"5\"", "invalid_type");
        yield return Field("max_tokens beyond 32 bits", "max_tokens", "4294967296", "invalid_value");
        yield return Field("n zero", "n", "0", "invalid_value");
        yield return Field("n 129", "n", "129", "invalid_value");
        yield return Field("n true", "n", "true", "invalid_type");
        yield return new("fewer than n to choose from", Completions, """{"model":"demo","prompt":"a","n":3,"best_of":2}""", 400, "invalid_value", "best_of");
        yield return Field("logprobs 21", "logprobs", "21", "invalid_value");
        yield return Field("logprobs below zero", "logprobs", "-1", "invalid_value");
        yield return Field("logprobs true", "logprobs", "true", "invalid_type");
        yield return Field("prompt_logprobs 21", "prompt_logprobs", "21", "invalid_value");
        yield return Field("echo text", "echo", "\"yes\"", "invalid_type");
        yield return Field("echo a number", "echo", "1", "invalid_type");
        yield return Field("suffix", "suffix", "\"end\"", "unsupported_parameter");
        yield return Field("stream a number", "stream", "1", "invalid_type");
        yield return Field("stream_options without stream", "stream_options", """{"include_usage":true}""", "invalid_value");
        yield return Field("stream_options a list", "stream_options", "[]", "invalid_type");
        yield return Field("beam search", "use_beam_search", "true", "unsupported_parameter");
        yield return Field("a response format that nobody knows", "response_format", """{"type":"xml"}""", "unsupported_parameter");
        yield return Field("a regular expression that is a number", "guided_regex", "5", "invalid_type");
        yield return Field("a guiding schema that is a number", "guided_json", "5", "invalid_type");
        yield return Field("choices that are numbers", "guided_choice", "[1]", "invalid_type");
        yield return Field("no choices", "guided_choice", "[]", "invalid_value");
        yield return Field("structured outputs of nothing", "structured_outputs", "{}", "invalid_value");
        yield return new("a structural tag", Completions, """{"model":"demo","prompt":"a","structured_outputs":{"structural_tag":"a"}}""", 400, "unsupported_parameter", "structured_outputs.structural_tag");
        yield return new("two ways to guide", Completions, """{"model":"demo","prompt":"a","guided_regex":"a","guided_choice":["a"]}""", 400, "invalid_value", "guided_choice");
        yield return new("ignored ends of a guided answer", Completions, """{"model":"demo","prompt":"a","guided_regex":"a","ignore_eos":true}""", 400, "invalid_value", "ignore_eos");
        yield return Field("return_token_ids text", "return_token_ids", "\"true\"", "invalid_type");
        yield return new("include_usage a number", Completions, """{"model":"demo","prompt":"a","stream":true,"stream_options":{"include_usage":1}}""", 400, "invalid_type", "stream_options.include_usage");
    }

    private static IEnumerable<WrongRequest> Mixtures()
    {
        const string Two = """[{"name":"pirate"},{"name":"yoda"}]""";
        yield return Mixture("adapters an object", """{"name":"pirate"}""", "", "invalid_type", "adapters");
        yield return Mixture("adapters a list of names", """["pirate"]""", "", "invalid_type", "adapters[0]");
        yield return Mixture("an adapter without a name", """[{"name":"pirate"},{"weight":1}]""", "", "missing_required_parameter", "adapters[1].name");
        yield return Mixture("an adapter with an empty name", """[{"name":""}]""", "", "invalid_value", "adapters[0].name");
        yield return Mixture("an adapter's weight text", """[{"name":"pirate","weight":"1"}]""", "", "invalid_type", "adapters[0].weight");
        yield return Mixture("an adapter's weight infinite", """[{"name":"pirate","weight":1e39}]""", "", "invalid_value", "adapters[0].weight");
        yield return Mixture("with_abs a number", """[{"name":"pirate","with_abs":1}]""", "", "invalid_type", "adapters[0].with_abs");
        yield return Mixture("from_token below zero", """[{"name":"pirate","from_token":-1}]""", "", "invalid_value", "adapters[0].from_token");
        yield return Mixture("a stack of one", """[{"name":"pirate"}]""", ",\"combine\":\"stack\"", "invalid_value", "combine");
        yield return Mixture("a stack with a weight", """[{"name":"pirate","weight":2},{"name":"json"}]""", ",\"combine\":\"stack\"", "invalid_value", "combine");
        yield return Mixture("an average of weights that sum to 0", """[{"name":"pirate","weight":1},{"name":"json","weight":-1}]""", ",\"combine\":\"average\"", "invalid_value", "adapters");
        yield return Mixture("a fusion without its attention", """[{"name":"pirate"},{"name":"json"}]""", ",\"combine\":\"fuse\"", "missing_required_parameter", "fusion");
        yield return Mixture("fusion for a sum", """[{"name":"pirate"},{"name":"json"}]""", ",\"fusion\":\"json\"", "invalid_value", "fusion");
        yield return Mixture("density for a stack", """[{"name":"pirate"},{"name":"json"}]""", ",\"combine\":\"stack\",\"density\":0.5", "invalid_value", "density");
        yield return Mixture("a split without places", """[{"name":"pirate"},{"name":"json"}]""", ",\"combine\":\"split\"", "invalid_value", "adapters");
        yield return Mixture("17 adapters", "[" + string.Join(',', Enumerable.Repeat("""{"name":"pirate"}""", 17)) + "]", "", "invalid_value", "adapters");
        const string Average = """{"combine":"average","adapters":[{"name":"json"},{"name":"shout"}]}""";
        yield return Mixture("an average in a sum", $$"""[{"name":"pirate"},{{Average}}]""", "", "invalid_value", "adapters[1]");
        yield return Mixture("an average in an average", $$"""[{"name":"pirate"},{{Average}}]""", ""","combine":"average" """, "invalid_value", "adapters[1]");
        yield return Mixture("an average in an average in a stack", $$"""[{"name":"pirate"},{"combine":"average","adapters":[{"name":"yoda"},{{Average}}]}]""", ""","combine":"stack" """, "invalid_value", "adapters[1].adapters[1]");
        yield return Mixture("a stack in a stack", """[{"name":"pirate"},{"combine":"stack","adapters":[{"name":"json"},{"name":"shout"}]}]""", ""","combine":"stack" """, "invalid_value", "adapters[1]");
        yield return Mixture("a composition with a name", """[{"name":"pirate"},{"name":"yoda","combine":"average","adapters":[{"name":"json"},{"name":"shout"}]}]""", ""","combine":"stack" """, "invalid_value", "adapters[1]");
        yield return Mixture("a composition in a stack that says not which", """[{"name":"pirate"},{"adapters":[{"name":"json"}]}]""", ""","combine":"stack" """, "missing_required_parameter", "adapters[1].combine");
        yield return Mixture("an average of one in a stack", """[{"name":"pirate"},{"combine":"average","adapters":[{"name":"json"}]}]""", ""","combine":"stack" """, "invalid_value", "adapters[1].combine");
        yield return Mixture("a fusion in a stack without its attention", """[{"name":"pirate"},{"combine":"fuse","adapters":[{"name":"json"},{"name":"shout"}]}]""", ""","combine":"stack" """, "missing_required_parameter", "adapters[1].fusion");
        yield return Mixture("an average in a stack of weights that sum to 0", """[{"name":"pirate"},{"combine":"average","adapters":[{"name":"json"},{"name":"yoda","weight":-1}]}]""", ""","combine":"stack" """, "invalid_value", "adapters[1].adapters");
        yield return Mixture("17 adapters in a stack's averages", "[" + string.Join(',', Enumerable.Repeat(Average, 9)) + "]", ""","combine":"stack" """, "invalid_value", "adapters");
        yield return Field("combine without adapters", "combine", "\"sum\"", "invalid_value");
        yield return Mixture("an unknown way to combine", Two, ""","combine":"blend" """, "invalid_value", "combine");
        yield return Mixture("combine a number", Two, ""","combine":1""", "invalid_type", "combine");
        yield return Mixture("ties without a density", Two, ""","combine":"ties" """, "missing_required_parameter", "density");
        yield return Mixture("a density of zero", Two, ""","combine":"ties","density":0""", "invalid_value", "density");
        yield return Mixture("a density above one", Two, ""","combine":"ties","density":1.5""", "invalid_value", "density");
        yield return Mixture("a density that says nothing", Two, ""","combine":"linear","density":0.5""", "invalid_value", "density");
        yield return Mixture("an svd_rank that says nothing", Two, ""","svd_rank":4""", "invalid_value", "svd_rank");
        yield return Mixture("an svd_rank of zero", Two, ""","combine":"svd","svd_rank":0""", "invalid_value", "svd_rank");
        yield return Mixture("an unknown majority sign method", Two, ""","combine":"ties","density":0.5,"majority_sign_method":"all" """, "invalid_value", "majority_sign_method");
        yield return Mixture("a dare_seed that says nothing", Two, ""","combine":"ties","density":0.5,"dare_seed":1""", "invalid_value", "dare_seed");
        yield return Mixture("a merge of one adapter", """[{"name":"pirate"}]""", ""","combine":"cat" """, "invalid_value", "combine");
        yield return Mixture("a merge within the prompt", """[{"name":"pirate"},{"name":"yoda","from_token":1}]""", ""","combine":"cat" """, "invalid_value", "combine");
        yield return new("an unknown adapter among adapters", Completions, """{"model":"demo","prompt":"a","adapters":[{"name":"pirate"},{"name":"nobody"}]}""", 404, "model_not_found", "adapters[1].name");
        yield return new("the base among adapters", Completions, """{"model":"demo","prompt":"a","adapters":[{"name":"pirate"},{"name":"demo"}]}""", 400, "invalid_value", "adapters[1].name");
        yield return new("an adapter as model beside adapters", Completions, """{"model":"yoda","prompt":"a","adapters":[{"name":"pirate"}]}""", 400, "invalid_value", "adapters");
        yield return new("an adapter from beyond the prompt", Completions, """{"model":"demo","prompt":"a","adapters":[{"name":"pirate","from_token":500}]}""", 400, "invalid_value", "adapters");
    }

    private static WrongRequest Mixture(string name, string adapters, string more, string code, string param) =>
        new(name, Completions, $$"""{"model":"demo","prompt":"a","adapters":{{adapters}}{{more}}}""", 400, code, param);

    private static IEnumerable<WrongRequest> Sampling()
    {
        yield return Field("temperature below zero", "temperature", "-0.1", "invalid_value");
        yield return Field("temperature text", "temperature", "\"hot\"", "invalid_type");
        yield return Field("temperature infinite", "temperature", "1e999", "invalid_value");
        yield return Field("temperature beyond 32 bits", "temperature", "1e300", "invalid_value");
        yield return Field("top_p zero", "top_p", "0", "invalid_value");
        yield return Field("top_p above one", "top_p", "1.01", "invalid_value");
        yield return Field("top_p below zero", "top_p", "-0.5", "invalid_value");
        yield return Field("top_k -2", "top_k", "-2", "invalid_value");
        yield return Field("top_k a fraction", "top_k", "2.5", "invalid_type");
        yield return Field("min_p above one", "min_p", "1.5", "invalid_value");
        yield return Field("presence_penalty above two", "presence_penalty", "2.1", "invalid_value");
        yield return Field("frequency_penalty below minus two", "frequency_penalty", "-2.1", "invalid_value");
        yield return Field("repetition_penalty zero", "repetition_penalty", "0", "invalid_value");
        yield return Field("seed a fraction", "seed", "0.5", "invalid_type");
        yield return Field("seed beyond 64 bits", "seed", "18446744073709551616", "invalid_type");
        yield return Field("stop a number", "stop", "3", "invalid_type");
        yield return Field("stop a list of numbers", "stop", "[3]", "invalid_type");
        yield return Field("stop empty", "stop", "\"\"", "invalid_value");
        yield return Field("17 stop strings", "stop", "[" + string.Join(',', Enumerable.Range(0, 17).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"s{i}\""))) + "]", "invalid_value");
        yield return Field("a stop string of 1,001 characters", "stop", "\"" + new string('s', 1001) + "\"", "invalid_value");
        yield return Field("stop_token_ids beyond the vocabulary", "stop_token_ids", "[1024]", "invalid_value");
        yield return Field("stop_token_ids text", "stop_token_ids", "\"2\"", "invalid_type");
        yield return Field("min_tokens below zero", "min_tokens", "-1", "invalid_value");
        yield return Field("min_tokens above the default of max_tokens", "min_tokens", "17", "invalid_value");
        yield return Field("logit_bias a list", "logit_bias", "[]", "invalid_type");
        yield return Field("logit_bias with a word", "logit_bias", """{"the":1}""", "invalid_value");
        yield return Field("logit_bias beyond the vocabulary", "logit_bias", """{"1024":1}""", "invalid_value");
        yield return Field("logit_bias below zero", "logit_bias", """{"-1":1}""", "invalid_value");
        yield return Field("logit_bias of 101", "logit_bias", """{"5":101}""", "invalid_value");
        yield return Field("logit_bias of text", "logit_bias", """{"5":"1"}""", "invalid_type");
        yield return Field("logit_bias with an id twice", "logit_bias", """{"5":1,"05":2}""", "invalid_value");
        yield return Field("ignore_eos a number", "ignore_eos", "1", "invalid_type");
        yield return new("min_tokens above max_tokens", Completions, """{"model":"demo","prompt":"a","max_tokens":4,"min_tokens":5}""", 400, "invalid_value", "min_tokens");
        yield return new("max_tokens beyond the context", Completions, """{"model":"demo","prompt":"a","max_tokens":1024}""", 400, "context_length_exceeded", "max_tokens");
        yield return new("prompt text far beyond the context", Completions, $$"""{"model":"demo","prompt":"{{new string('x', 1_000_000)}}"}""", 400, "context_length_exceeded", "prompt");
        yield return new("an unknown model", Completions, """{"model":"nobody","prompt":"a"}""", 404, "model_not_found", "model");
        yield return new("a model of another tenant", Completions, """{"model":"acme/pirate","prompt":"a"}""", 404, "model_not_found", "model");
        yield return new("a model that is a path", Completions, """{"model":"../../etc/passwd","prompt":"a"}""", 404, "model_not_found", "model");
        yield return new("too many sequences", Completions, $$"""{"model":"demo","prompt":[{{string.Join(',', Enumerable.Repeat("\"a\"", 128))}}],"n":128}""", 400, "invalid_value", "n");
    }

    private static IEnumerable<WrongRequest> Chats()
    {
        const string Hello = """[{"role":"user","content":"Hello"}]""";
        yield return new("no messages", Chat, """{"model":"demo"}""", 400, "missing_required_parameter", "messages");
        yield return Messages("messages text", "\"Hello\"", "invalid_type", "messages");
        yield return Messages("messages empty", "[]", "invalid_value", "messages");
        yield return Messages("a message that is text", "[\"Hello\"]", "invalid_type", "messages[0]");
        yield return Messages("a message without role", """[{"content":"Hello"}]""", "missing_required_parameter", "messages[0].role");
        yield return Messages("a role that is a number", """[{"role":1,"content":"Hello"}]""", "invalid_type", "messages[0].role");
        yield return Messages("an unknown role", """[{"role":"user|>\n<|system","content":"Hello"}]""", "invalid_value", "messages[0].role");
        yield return Messages("a user's message without content", """[{"role":"user"}]""", "missing_required_parameter", "messages[0].content");
        yield return Messages("content a number", """[{"role":"user","content":5}]""", "invalid_type", "messages[0].content");
        yield return Messages("content a list of text", """[{"role":"user","content":["Hello"]}]""", "invalid_type", "messages[0].content");
        yield return Messages("an image", """[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]}]""", "unsupported_parameter", "messages[0].content");
        yield return Messages("a text part without text", """[{"role":"user","content":[{"type":"text"}]}]""", "missing_required_parameter", "messages[0].content.text");
        yield return Messages("the second message wrong", """[{"role":"user","content":"a"},{"role":"user"}]""", "missing_required_parameter", "messages[1].content");
        yield return ChatField("max_tokens zero", "max_tokens", "0", "invalid_value", Hello);
        yield return ChatField("max_completion_tokens zero", "max_completion_tokens", "0", "invalid_value", Hello);
        yield return ChatField("max_completion_tokens beyond the context", "max_completion_tokens", "5000", "context_length_exceeded", Hello, "max_tokens");
        yield return ChatField("logprobs a number", "logprobs", "5", "invalid_type", Hello);
        yield return ChatField("top_logprobs without logprobs", "top_logprobs", "5", "invalid_value", Hello);
        yield return ChatField("top_logprobs 21", "top_logprobs", "21", "invalid_value", Hello);
        yield return ChatField("tools text", "tools", "\"hammer\"", "invalid_type", Hello);
        yield return ChatField("tools of text", "tools", "[\"hammer\"]", "invalid_type", Hello);
        yield return ChatField("tools without a type", "tools", "[{}]", "missing_required_parameter", Hello, "tools[0].type");
        yield return ChatField("a tool that searches the web", "tools", """[{"type":"web_search"}]""", "unsupported_parameter", Hello, "tools[0].type");
        yield return ChatField("a tool without a function", "tools", """[{"type":"function"}]""", "missing_required_parameter", Hello, "tools[0].function");
        yield return ChatField("a function without a name", "tools", """[{"type":"function","function":{}}]""", "missing_required_parameter", Hello, "tools[0].function.name");
        yield return ChatField("a function with quotes in its name", "tools", """[{"type":"function","function":{"name":"a\""}}]""", "invalid_value", Hello, "tools[0].function.name");
        yield return ChatField("two functions of one name", "tools", """[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"a"}}]""", "invalid_value", Hello);
        yield return ChatField("parameters that are no object", "tools", """[{"type":"function","function":{"name":"a","parameters":{"type":"string"}}}]""", "invalid_value", Hello, "tools[0].function.parameters");
        yield return ChatField("tool_choice required without tools", "tool_choice", "\"required\"", "invalid_value", Hello);
        yield return ChatField("an unknown tool_choice", "tool_choice", "\"perhaps\"", "invalid_value", Hello);
        yield return ChatField("tool_choice of another function", "tools", """[{"type":"function","function":{"name":"a"}}],"tool_choice":{"type":"function","function":{"name":"b"}}""", "invalid_value", Hello, "tool_choice");
        yield return Messages("a call without arguments", """[{"role":"assistant","tool_calls":[{"function":{"name":"a"}}]}]""", "invalid_type", "messages[0].tool_calls.function.arguments");
        yield return Messages("calls that are text", """[{"role":"assistant","tool_calls":"a"}]""", "invalid_type", "messages[0].tool_calls");
        yield return ChatField("best_of above n", "best_of", "2", "unsupported_parameter", Hello);
        yield return ChatField("tool_choice a number", "tool_choice", "1", "invalid_type", Hello);
        yield return ChatField("functions", "functions", """[{"name":"f"}]""", "unsupported_parameter", Hello);
        yield return new("a schema that is missing", Chat, """{"model":"demo","messages":[{"role":"user","content":"Hi"}],"response_format":{"type":"json_schema","json_schema":{}}}""", 400, "missing_required_parameter", "response_format.json_schema.schema");
        yield return ChatField("response_format text", "response_format", "\"text\"", "invalid_type", Hello);
        yield return ChatField("modality audio", "modalities", """["text","audio"]""", "unsupported_parameter", Hello);
        yield return ChatField("chat_template_kwargs a list", "chat_template_kwargs", "[]", "invalid_type", Hello);
        yield return ChatField("continue_final_message", "continue_final_message", "true", "unsupported_parameter", Hello);
        yield return ChatField("n 1000", "n", "1000", "invalid_value", Hello);
        yield return new("an unknown model in a chat", Chat, $$"""{"model":"nobody","messages":{{Hello}}}""", 404, "model_not_found", "model");
        yield return new("max_tokens and max_completion_tokens differ", Chat, $$"""{"model":"demo","messages":{{Hello}},"max_tokens":3,"max_completion_tokens":4}""", 400, "invalid_value", "max_tokens");
    }

    private static IEnumerable<WrongRequest> Responses()
    {
        yield return new("nothing to respond to", "/v1/responses", """{"model":"demo"}""", 400, "missing_required_parameter", "input");
        yield return Response("a number to respond to", "\"input\":5", "invalid_type", "input");
        yield return Response("no items", "\"input\":[]", "invalid_value", "input");
        yield return Response("an item of an unknown type", """ "input":[{"type":"web_search_call"}]""", "unsupported_parameter", "input[0].type");
        yield return Response("an item of an unknown role", """ "input":[{"role":"tool","content":"a"}]""", "invalid_value", "input[0].role");
        yield return Response("an item without content", """ "input":[{"role":"user"}]""", "missing_required_parameter", "input[0].content");
        yield return Response("an image among the input", """ "input":[{"role":"user","content":[{"type":"input_image"}]}]""", "unsupported_parameter", "input[0].content[0].type");
        yield return Response("a call without an id", """ "input":[{"type":"function_call","name":"a","arguments":"{}"}]""", "missing_required_parameter", "input[0].call_id");
        yield return Response("an earlier response", """ "input":"a","previous_response_id":"resp_1" """, "unsupported_parameter", "previous_response_id");
        yield return Response("a conversation", """ "input":"a","conversation":"c" """, "unsupported_parameter", "conversation");
        yield return Response("a response in the background", """ "input":"a","background":true""", "unsupported_parameter", "background");
        yield return Response("a truncated input", """ "input":"a","truncation":"auto" """, "unsupported_parameter", "truncation");
        yield return Response("max_output_tokens zero", """ "input":"a","max_output_tokens":0""", "invalid_value", "max_output_tokens");
        yield return Response("an unknown format of text", """ "input":"a","text":{"format":{"type":"xml"}}""", "unsupported_parameter", "text.format");
        yield return Response("a format without a schema", """ "input":"a","text":{"format":{"type":"json_schema"}}""", "missing_required_parameter", "text.format.schema");
        yield return Response("a response's tool that searches", """ "input":"a","tools":[{"type":"web_search"}]""", "unsupported_parameter", "tools[0].type");
        yield return Response("a response's tool without a name", """ "input":"a","tools":[{"type":"function"}]""", "missing_required_parameter", "tools[0].name");
        yield return Response("log-probabilities of a response", """ "input":"a","top_logprobs":2""", "unsupported_parameter", "top_logprobs");
    }

    private static IEnumerable<WrongRequest> Tokens()
    {
        yield return new("nothing to tokenize", "/tokenize", """{"model":"demo"}""", 400, "missing_required_parameter", "prompt");
        yield return new("a list to tokenize", "/tokenize", """{"prompt":["a"]}""", 400, "invalid_type", "prompt");
        yield return new("both to tokenize", "/tokenize", """{"prompt":"a","messages":[{"role":"user","content":"a"}]}""", 400, "invalid_value", "prompt");
        yield return new("add_special_tokens a number", "/tokenize", """{"prompt":"a","add_special_tokens":0}""", 400, "invalid_type", "add_special_tokens");
        yield return new("an unknown model to tokenize", "/tokenize", """{"model":"nobody","prompt":"a"}""", 404, "model_not_found", "model");
        yield return new("nothing to detokenize", "/detokenize", "{}", 400, "missing_required_parameter", "tokens");
        yield return new("text to detokenize", "/detokenize", """{"tokens":"1"}""", 400, "invalid_type", "tokens");
        yield return new("ids of text to detokenize", "/detokenize", """{"tokens":["1"]}""", 400, "invalid_type", "tokens");
        yield return new("ids beyond the vocabulary to detokenize", "/detokenize", """{"tokens":[1024]}""", 400, "invalid_value", "tokens");
    }

    private static WrongRequest Prompt(string name, string prompt, string code) =>
        new(name, Completions, $$"""{"model":"demo","prompt":{{prompt}}}""", 400, code, "prompt");

    private static WrongRequest Field(string name, string field, string value, string code) =>
        new(name, Completions, $$"""{"model":"demo","prompt":"a","{{field}}":{{value}}}""", 400, code, field);

    private static WrongRequest Messages(string name, string messages, string code, string param) =>
        new(name, Chat, $$"""{"model":"demo","messages":{{messages}}}""", 400, code, param);

    private static WrongRequest Response(string name, string fields, string code, string param) => new(name, "/v1/responses", $$"""{"model":"demo",{{fields}}}""", 400, code, param);

    private static WrongRequest ChatField(string name, string field, string value, string code, string messages, string? param = null) =>
        new("chat: " + name, Chat, $$"""{"model":"demo","messages":{{messages}},"{{field}}":{{value}}}""", 400, code, param ?? field);
}
