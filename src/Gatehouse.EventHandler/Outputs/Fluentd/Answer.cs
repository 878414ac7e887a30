using System.Net.Http.Headers;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>What of an HTTP answer matters here, whichever version brought it.</summary>
/// <param name="Status">The final status.</param>
/// <param name="RetryAfter">The wait it asks for.</param>
/// <param name="Location">Where a redirect leads.</param>
/// <param name="Excerpt">First words of an error's body, on one line.</param>
internal readonly record struct Answer(int Status, RetryConditionHeaderValue? RetryAfter, string? Location, string Excerpt);
