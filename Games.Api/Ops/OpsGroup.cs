using FastEndpoints;
using Games.Data;

namespace Games.Api.Ops;

/// <summary>What the endpoints of the outbox share.</summary>
internal sealed class OpsGroup : Group
{
    public OpsGroup() => Configure("/ops/outbox", endpoint =>
    {
        endpoint.Policies(Scope.Ops);
        endpoint.Tags("Operations");
    });
}
