namespace AdapterServe.AdapterServer.Errors;

/// <summary>
/// The host's own stable words for programs, <c>error.code</c>. Each is described in docs/errors.md; a test holds the two together.
/// </summary>
internal static class ErrorCodes
{
    public const string InvalidJson = "invalid_json";
    public const string JsonTooComplex = "json_too_complex";
    public const string InvalidType = "invalid_type";
    public const string InvalidValue = "invalid_value";
    public const string MissingParameter = "missing_required_parameter";
    public const string UnsupportedParameter = "unsupported_parameter";
    public const string UnsupportedStructure = "unsupported_structure";
    public const string ContextLengthExceeded = "context_length_exceeded";
    public const string TextTooLong = "text_too_long";
    public const string ChatTemplateError = "chat_template_error";
    public const string NoChatTemplate = "no_chat_template";
    public const string InvalidMultipart = "invalid_multipart";
    public const string BadRequest = "bad_request";
    public const string MissingApiKey = "missing_api_key";
    public const string InvalidApiKey = "invalid_api_key";
    public const string InvalidToken = "invalid_token";
    public const string InsufficientScope = "insufficient_scope";
    public const string SharedReadOnly = "shared_read_only";
    public const string ModelNotFound = "model_not_found";
    public const string RouteNotFound = "route_not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string WrongHttpVersion = "wrong_http_version";
    public const string RequestTimeout = "request_timeout";
    public const string RequestTooLarge = "request_too_large";
    public const string UnsupportedContentType = "unsupported_content_type";
    public const string UnsupportedContentEncoding = "unsupported_content_encoding";
    public const string UnsupportedTusVersion = "unsupported_tus_version";
    public const string AdapterFused = "adapter_fused";
    public const string NotFused = "not_fused";
    public const string SwitchRunning = "switch_running";
    public const string FusedModeOff = "fused_mode_off";
    public const string NotFusable = "not_fusable";
    public const string LoraFoldersOff = "lora_folders_off";
    public const string LoraPathOutside = "lora_path_outside";
    public const string LoraPathMissing = "lora_path_missing";
    public const string LoraLoaded = "lora_loaded";
    public const string RequestOverLimit = "request_over_limit";
    public const string RateLimitExceeded = "rate_limit_exceeded";
    public const string QueueFull = "queue_full";
    public const string ServerStarting = "server_starting";
    public const string ServerStopping = "server_stopping";
    public const string InternalError = "internal_error";
}
