using Microsoft.Extensions.Options;

namespace AdapterServe.AdapterServer.Options;

/// <summary>The ranges of <see cref="ServerOptions"/>'s attributes, checked by generated code.</summary>
[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;
