namespace AdapterServe.LoadTest;

/// <summary>
/// What the user can put right: wrong options, files or addresses. The message is the one sentence that is printed; the program ends with 2.
/// </summary>
internal sealed class UserErrorException(string message, Exception? inner = null) : Exception(message, inner);
