using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Games.Tests.Servers;

namespace Games.Tests.Api;

/// <summary>Whoever asks for another format than JSON gets it nowhere, and an error that he can read and report everywhere.</summary>
public sealed class ErrorAnswerTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private ApiHost? _host;

    public ValueTask InitializeAsync()
    {
        _host = new ApiHost(database.ConnectionString);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _host!.DisposeAsync();

    public static TheoryData<string, string, string, HttpStatusCode> Refused
    {
        get
        {
            var refused = new TheoryData<string, string, string, HttpStatusCode>();
            foreach (var accept in (string[])["text/csv", "text/html", "image/*", "application/xml;q=0.9", "*/*", ""])
            {
                refused.Add(accept, "GET", "/nowhere", HttpStatusCode.NotFound);
                refused.Add(accept, "GET", "/games/42", HttpStatusCode.NotFound);
                refused.Add(accept, "GET", "/events/42", HttpStatusCode.NotFound);
                refused.Add(accept, "DELETE", "/games", HttpStatusCode.MethodNotAllowed);
                refused.Add(accept, "POST", "/games", HttpStatusCode.UnsupportedMediaType);
                refused.Add(accept, "GET", "/games?limit=0", HttpStatusCode.BadRequest);
            }

            return refused;
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task An_error_is_problem_details_whatever_the_caller_accepts(string accept, string method, string path, HttpStatusCode status)
    {
        using var response = await AskAsync(_host!, accept, method, path);

        await response.IsProblemAsync(status, _host!.Log);
    }

    private static async Task<HttpResponseMessage> AskAsync(ApiHost host, string accept, string method, string path)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (accept is not "")
            request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        if (method is "POST")
            request.Content = new StringContent("title=x", Encoding.UTF8, "application/x-www-form-urlencoded");
        return await host.CreateClient().SendAsync(request);
    }
}
